"""fit_rows: a classifier is told what its fit asks for, and no more."""

import pandas as pd
import pytest

from stance.classifiers.base import MIN_HELD_OUT, fit_rows
from stance.data.corpora import X_COLUMNS


def rows_of(labels):
    """Return a corpus's frame, a sentence a label."""
    columns = {name: [f"{name} {i}" for i in range(len(labels))] for name in (*X_COLUMNS, "group")}
    return pd.DataFrame(columns | {"label": labels}, index=range(5, 5 + len(labels)))


class Asking:
    """Asks for everything."""

    def fit(self, X, y, sample_weight=None, groups=None, held_out=None):
        self.told = {"y": y, "groups": groups, "held_out": held_out}
        return self


class Modest:
    """Asks for nothing."""

    def fit(self, X, y):
        self.told = {"y": y}
        return self


TRAIN = rows_of(["favor", "none", "favor"])


def test_groups_and_known_labels_of_dev_are_told():
    dev = rows_of(["none", "against", "favor"] * MIN_HELD_OUT)
    told = fit_rows(Asking(), TRAIN, dev).told
    assert told["y"].tolist() == TRAIN["label"].tolist()
    assert told["groups"].tolist() == TRAIN["group"].tolist()
    X, y = told["held_out"]
    assert X.equals(dev[dev["label"] != "against"][list(X_COLUMNS)])
    assert y.tolist() == ["none", "favor"] * MIN_HELD_OUT


@pytest.mark.parametrize(
    "dev",
    [None, rows_of([]), rows_of(["against"] * MIN_HELD_OUT), rows_of(["against", *["none"] * (MIN_HELD_OUT - 1)])],
)
def test_where_dev_has_little_to_ask_nothing_is_held_out(dev):
    assert fit_rows(Asking(), TRAIN, dev).told["held_out"] is None


def test_who_asks_for_nothing_is_told_nothing():
    assert list(fit_rows(Modest(), TRAIN, rows_of(["favor"] * MIN_HELD_OUT)).told) == ["y"]

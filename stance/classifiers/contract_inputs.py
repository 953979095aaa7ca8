"""The contract, part 2: what is accepted as X, and what is refused."""

from __future__ import annotations

import copy
from functools import partial

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stance.classifiers.contract_task import (
    Make,
    answers,
    expect,
    expect_both_refuse,
    expect_refusal,
    expect_same,
    fitted,
    make_task,
)

ODD_TEXTS = (
    "🤝🏽🕊️",
    "lone \ud800 surrogate",
    "nul\0nul",
    "\u202eright to left\u202c",
    "e\u0301 é ﬁ ß İ ǆ",
    "موسكو ترفض الهدنة",
    "莫斯科拒绝停火",
    "((((" * 200,
    "a" * 5000,
    "é " * 2500,
    "None",
    "nan",
)


def expect_as_texts(make: Make, given: object, rule: str) -> None:
    """Expect the answers for a form of the task's texts to be those for the list."""
    classifier, task = fitted(make)
    expect_same(answers(classifier, given), answers(classifier, task.texts), rule)
    wanted = answers(make().fit(task.texts, task.y), task.texts)
    expect_same(answers(make().fit(given, task.y), task.texts), wanted, f"fit: {rule}")


def check_accepts_tuple(make: Make) -> None:
    """Accept a tuple of texts as if it were a list."""
    expect_as_texts(make, tuple(make_task(make).texts), "a tuple is as a list")


def check_accepts_object_array(make: Make) -> None:
    """Accept a numpy array of objects as if it were a list."""
    expect_as_texts(make, np.array(make_task(make).texts, dtype=object), "an object array is as a list")


def check_accepts_string_array(make: Make) -> None:
    """Accept a numpy array of strings as if it were a list."""
    expect_as_texts(make, np.array(make_task(make).texts), "a string array is as a list")


def check_accepts_pandas_series(make: Make) -> None:
    """Accept a pandas Series as if it were a list, whatever its index."""
    texts = make_task(make).texts
    expect_as_texts(make, pd.Series(texts, index=range(len(texts), 0, -1)), "a Series is as a list")


def check_accepts_arrow_strings(make: Make) -> None:
    """Accept a pyarrow array of strings as if it were a list."""
    import pyarrow as pa

    expect_as_texts(make, pa.chunked_array([make_task(make).texts]), "a pyarrow array is as a list")


def check_accepts_arrow_table(make: Make) -> None:
    """Accept a pyarrow Table as if it were the DataFrame."""
    import pyarrow as pa

    classifier, task = fitted(make)
    table = pa.Table.from_pandas(task.frame, preserve_index=False)
    expect_same(answers(classifier, table), answers(classifier, task.frame), "a Table is as a DataFrame")


def check_accepts_dataset(make: Make) -> None:
    """Accept a `datasets.Dataset` as if it were the DataFrame."""
    import datasets

    classifier, task = fitted(make)
    dataset = datasets.Dataset.from_dict(task.frame.to_dict("list"))
    expect_same(answers(classifier, dataset), answers(classifier, task.frame), "a Dataset is as a DataFrame")


def check_ignores_index_and_other_columns(make: Make) -> None:
    """Ignore the index, the order of columns and further columns."""
    classifier, task = fitted(make)
    other = task.frame[["target", "text", "holder"]].assign(id="x", label="?", n=1.5)
    other.index = pd.Index([0] * len(other))
    expect_same(answers(classifier, other), answers(classifier, task.frame), "index and columns do not count")


def check_accepts_missing_mentions(make: Make) -> None:
    """Accept a holder, a target or a span that is missing."""
    classifier, task = fitted(make)
    mentions: dict[str, list[object]] = {
        "text": list(task.texts[:3]),
        "holder": [None, float("nan"), "author"],
        "target": [None, "", "sanctions"],
    }
    spans = {
        f"{role}_{end}": pd.array([None] * 3, dtype="Int64")
        for role in ("holder", "target")
        for end in ("start", "end")
    }
    expect(len(classifier.predict(pd.DataFrame(mentions).assign(**spans))) == 3, "missing mentions are no error")


def check_rejects_bare_string(make: Make) -> None:
    """Refuse one text instead of a sequence of them: its letters are no sentences."""
    expect_both_refuse(make, "Moscow backs the truce.", "a bare str is refused")


def check_rejects_bytes(make: Make) -> None:
    """Refuse bytes, alone and in a sequence, and name the row."""
    expect_both_refuse(make, b"Moscow backs the truce.", "bytes are refused")
    expect_both_refuse(make, ["Moscow", b"Tehran"], "bytes in a list are refused", "1")


def check_rejects_mapping(make: Make) -> None:
    """Refuse a dict: its keys are no sentences."""
    expect_both_refuse(make, {"text": ["Moscow backs it."]}, "a dict is refused")


def check_rejects_set(make: Make) -> None:
    """Refuse a set: it has no order."""
    expect_both_refuse(make, {"Moscow backs it.", "Tehran does not."}, "a set is refused")
    expect_both_refuse(make, frozenset({"Moscow backs it."}), "a frozenset is refused")


def check_rejects_generator(make: Make) -> None:
    """Refuse a generator: it can be read only once."""
    texts = make_task(make).texts
    expect_both_refuse(make, lambda: (text for text in texts), "a generator is refused")


def check_rejects_frame_without_text(make: Make) -> None:
    """Refuse a DataFrame without a column ``text``, and say so."""
    frame = pd.DataFrame({"sentence": make_task(make).texts})
    expect_both_refuse(make, frame, "a table without text is refused", "text")


def check_rejects_frame_with_two_texts(make: Make) -> None:
    """Refuse a DataFrame with two columns ``text``."""
    texts = make_task(make).texts
    frame = pd.DataFrame([*zip(texts, texts, strict=True)], columns=["text", "text"])
    expect_both_refuse(make, frame, "two columns text are refused", "text")


def check_rejects_matrix(make: Make) -> None:
    """Refuse a two-dimensional array, of texts or of numbers."""
    texts = make_task(make).texts
    expect_both_refuse(make, np.array(texts, dtype=object).reshape(-1, 1), "a matrix of texts is refused")
    expect_both_refuse(make, np.zeros((len(texts), 2)), "a matrix of numbers is refused")


def check_rejects_sparse(make: Make) -> None:
    """Refuse a sparse matrix."""
    expect_both_refuse(make, sp.csr_array((len(make_task(make).texts), 4)), "a sparse matrix is refused")


def check_names_missing_text(make: Make) -> None:
    """Refuse a text that is None, NaN or NA, and name its row."""
    for missing in (None, float("nan"), pd.NA):
        texts: list[object] = list(make_task(make).texts)
        texts[7] = missing
        expect_both_refuse(make, texts, f"a text that is {missing!r} is refused", "7")


def check_names_number(make: Make) -> None:
    """Refuse a number among the texts, and name its row."""
    texts: list[object] = list(make_task(make).texts)
    texts[5] = 3.5
    expect_both_refuse(make, texts, "a number is refused", "5")


def check_refuses_no_rows(make: Make) -> None:
    """Refuse to learn from no sentence at all."""
    expect_refusal(partial(make().fit, [], []), "no sentence is refused")


def check_predicts_nothing_for_nothing(make: Make) -> None:
    """Give no predictions for no sentences: shape (0,), and (0, n_classes) for probabilities."""
    classifier, task = fitted(make)
    empties: list[object] = [[], task.frame.iloc[:0]]
    for empty in empties:
        found = answers(classifier, empty)
        expect(found["predict"].shape == (0,), "no sentences give no labels")
        if "predict_proba" in found:
            expect(found["predict_proba"].shape == (0, len(classifier.classes_)), "no sentences: (0, n_classes)")


def check_blank_text(make: Make) -> None:
    """Give a text that is empty or blank a label like any other."""
    classifier, task = fitted(make)
    found = answers(classifier, ["", " \t\n", "\u200b", task.texts[0]])
    expect(found["predict"].shape == (4,), "blank texts get labels")


def check_unknown_words(make: Make) -> None:
    """Give a text of words never seen a label."""
    classifier, _ = fitted(make)
    expect(set(classifier.predict(["Zyx wvu tsr."])) <= set(classifier.classes_), "unknown words get a label")


def check_any_unicode(make: Make) -> None:
    """Give any text a label: emoji, lone surrogates, NUL, right to left, very long."""
    classifier, _ = fitted(make)
    found = answers(classifier, list(ODD_TEXTS))
    expect(set(found["predict"]) <= set(classifier.classes_), "any text gets a label")


def check_inputs_unchanged(make: Make) -> None:
    """Change neither X nor y."""
    task = make_task(make)
    frame, texts, y = task.frame.copy(), copy.copy(task.texts), np.array(task.y, dtype=object)
    answers(make().fit(frame, y), frame)
    answers(make().fit(texts, y), texts)
    expect(frame.equals(task.frame) and texts == task.texts and y.tolist() == task.y, "the inputs were changed")


def check_read_only(make: Make) -> None:
    """Accept arrays that cannot be written to."""
    task = make_task(make)
    texts, y = np.array(task.texts, dtype=object), np.array(task.y, dtype=object)
    texts.flags.writeable = y.flags.writeable = False
    wanted = answers(make().fit(task.texts, task.y), task.texts)
    expect_same(answers(make().fit(texts, y), texts), wanted, "read-only arrays are accepted")

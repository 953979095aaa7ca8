"""The closed label sets."""

import pytest

from stance.core.errors import InputError
from stance.core.schemes import DIRECTED, SCHEMES, SENTIMENT, STANCE, check_labels, get_scheme


def test_the_labels_are_the_house_s():
    assert STANCE.labels == ("favor", "against", "none")
    assert SENTIMENT.labels == ("positive", "negative", "neutral")
    assert DIRECTED.labels == ("none", "favor", "against", "favor_back", "against_back")
    assert [get_scheme(name).name for name in SCHEMES] == list(SCHEMES)


@pytest.mark.parametrize("name", ["stanse", "", "Stance", None, 3])
def test_an_unknown_scheme_is_refused(name):
    with pytest.raises(InputError, match=r"scheme .* is not known.*known: directed, sentiment, stance"):
        get_scheme(name)


def test_labels_of_the_scheme_pass():
    check_labels(iter(["none", "favor", "none"]), iter(STANCE.labels))
    check_labels([], STANCE.labels)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (
            ["favor", "favor "],
            r'label 1: "favor " is not one of favor, against, none \(did you mean "favor"\?\)',
        ),
        ([None], 'label 0: "None" is not one of'),
        ([float("nan")], 'label 0: "nan" is not one of'),
        ([1], 'label 0: "1" is not one of'),
        (["x\n" * 99], r'label 0: "x\\nx.*…" is not one of'),
    ],
)
def test_the_first_other_label_is_named(labels, said):
    with pytest.raises(InputError, match=said):
        check_labels(labels, STANCE.labels)

"""Agreement: against scikit-learn, published examples, and what must hold for any labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from stance.auditing.agreement import cohen_kappa, krippendorff_alpha
from stance.core.errors import InputError

LABELS = st.sampled_from(["favor", "against", "none"])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=2, max_size=60)


@given(PAIRS)
def test_kappa_is_scikit_learns(pairs):
    first, second = zip(*pairs, strict=True)
    found = cohen_kappa(first, second)
    if len({*first, *second}) < 2:
        assert found is None
    else:
        assert found == pytest.approx(cohen_kappa_score(first, second))


@given(st.lists(LABELS, min_size=2, max_size=40))
def test_passes_that_say_the_same_agree_fully(labels):
    if len(set(labels)) > 1:
        assert cohen_kappa(labels, labels) == pytest.approx(1)
        assert krippendorff_alpha(zip(labels, labels, strict=True)) == pytest.approx(1)


def test_alpha_of_the_published_binary_example():
    # Krippendorff 2011, section A: two observers, ten objects, alpha 0.095.
    meg = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    owen = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert krippendorff_alpha(zip(meg, owen, strict=True)) == pytest.approx(0.095, abs=5e-4)


@given(PAIRS)
def test_alpha_does_not_depend_on_the_order_of_passes(pairs):
    swapped = [(b, a) for a, b in pairs]
    assert krippendorff_alpha(pairs) == krippendorff_alpha(swapped)


def test_alpha_ignores_sentences_with_one_label():
    pairs = [("favor", "favor"), ("none", "favor"), ("none", "none")]
    assert krippendorff_alpha(pairs) == krippendorff_alpha([*pairs, ("against", None)])
    assert krippendorff_alpha([("none", "none")]) is None


def test_passes_of_different_length_are_refused():
    with pytest.raises(InputError, match="2 and 1 labels"):
        cohen_kappa(["favor", "none"], ["favor"])

"""Agreement: how far two passes of labels say the same, beyond chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from sklearn.metrics import cohen_kappa_score

from stance.core.errors import InputError


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return Cohen's kappa of two passes, or None where it is undefined.

    It is undefined where both passes use one and the same label throughout: chance explains all.

    References
    ----------
    Cohen 1960. A Coefficient of Agreement for Nominal Scales.

    Examples
    --------
    >>> cohen_kappa(["favor", "favor", "none", "none"], ["favor", "none", "none", "none"])
    0.5
    """
    if len(first) != len(second) or not len(first):
        raise InputError(f"{len(first):,} and {len(second):,} labels; two passes over the same sentences are wanted")
    if len({*first, *second}) < 2:
        return None
    return float(cohen_kappa_score(list(first), list(second)))


def krippendorff_alpha(units: Iterable[Sequence[Hashable | None]]) -> float | None:
    """Return Krippendorff's alpha for nominal labels, or None where it is undefined.

    Parameters
    ----------
    units : iterable of sequences
        For each sentence the labels that it was given, in any number; None is a missing label.

    References
    ----------
    Krippendorff 2011. Computing Krippendorff's Alpha-Reliability.

    Examples
    --------
    The nominal example of that paper's section C, four observers, alpha 0.743:

    >>> rows = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    >>> alpha = krippendorff_alpha([[v if v != "." else None for v in column] for column in zip(*rows)])
    >>> round(alpha, 3)
    0.743
    """
    pairs: Counter[tuple[Hashable, Hashable]] = Counter()
    totals: Counter[Hashable] = Counter()
    for unit in units:
        labels = Counter(label for label in unit if label is not None)
        n = sum(labels.values())
        if n < 2:
            continue
        for label, count in labels.items():
            totals[label] += count
            for other, times in labels.items():
                pairs[label, other] += count * (times - (label == other)) / (n - 1)  # type: ignore[assignment]
    n_labels = sum(totals.values())
    expected = n_labels * n_labels - sum(count * count for count in totals.values())
    if not expected:
        return None
    observed = sum(weight for (label, other), weight in pairs.items() if label != other)
    return float(1 - (n_labels - 1) * observed / expected)

"""Constructed corpora: whether the rows were written with care, or by habit."""

from __future__ import annotations

import pandas as pd

from stance.auditing.findings import Measure
from stance.auditing.measures import (
    cramers_v,
    distinct_openings,
    most_repeated_sequence,
    near_pairs_across_groups,
    off_diagonal,
    word_forms,
)
from stance.auditing.probes import probe_f1

ENOUGH_FOR_A_TARGET = 80
NEAR = 0.3

__all__ = ["construction", "word_forms"]


def construction(rows: pd.DataFrame) -> list[Measure]:
    """Return the figures of a corpus whose rows carry both labels, a register, phenomena and contrast pairs.

    Parameters
    ----------
    rows : pandas.DataFrame
        With ``id, text, target, stance, sentiment, register, phenomena, group, split, contrast_of``.
    """
    paired = rows["contrast_of"].notna() | rows["id"].isin(set(rows["contrast_of"].dropna()))
    alone = rows[~paired]
    count, sequence = most_repeated_sequence(alone["text"])
    near = near_pairs_across_groups(rows["text"], rows["group"], NEAR)
    targets, openings = rows["target"].value_counts(), distinct_openings(alone["text"].drop_duplicates())
    return [
        Measure("targets_of_80_rows", int((targets >= ENOUGH_FOR_A_TARGET).sum()), f"of {len(targets)}"),
        Measure("rarest_register", int(rows["register"].value_counts().min()), "rows"),
        Measure("registers", int(rows["register"].nunique())),
        Measure("rarest_phenomenon", int(rows["phenomena"].explode().value_counts().min()), "rows"),
        Measure("phenomena", int(rows["phenomena"].explode().nunique())),
        *_splits(rows),
        Measure("off_diagonal", off_diagonal(rows["stance"], rows["sentiment"]), "stance is not sentiment"),
        Measure("cramers_v", cramers_v(rows["stance"], rows["sentiment"]), "of stance and sentiment"),
        Measure("contrast_rows", int(paired.sum()), "rows in minimal pairs"),
        Measure("contrast_flips", _flips(rows), "share of pairs in which a label or the actor differs"),
        Measure("near_pairs", len(near), f"rows of different groups, word 3-grams overlap by {NEAR:g} or more"),
        Measure("repeated_sequence", count, f'rows with the commonest six words: "{sequence}"'),
        Measure("distinct_openings", openings, "first three words; twins aside"),
        *_register_probes(rows),
    ]


def _splits(rows: pd.DataFrame) -> list[Measure]:
    shares = rows["split"].value_counts(normalize=True)
    parted = rows.groupby("group")["split"].nunique().gt(1).sum()
    named = [
        Measure(f"split_{name}", float(shares.get(name, 0.0)), "share of rows") for name in ("train", "dev", "test")
    ]
    return [*named, Measure("parted_groups", int(parted), "groups that stand in two splits")]


def _flips(rows: pd.DataFrame) -> float:
    by_id = rows.set_index("id")
    twins = rows[rows["contrast_of"].notna()]
    others = by_id.loc[twins["contrast_of"]]
    same = [
        (a, b, c) == (d, e, f)
        for a, b, c, d, e, f in zip(
            twins["stance"], twins["sentiment"], twins["actor"],
            others["stance"], others["sentiment"], others["actor"], strict=True,
        )
    ]  # fmt: skip
    return 1 - sum(same) / max(1, len(same))


def _register_probes(rows: pd.DataFrame) -> list[Measure]:
    seen = rows[rows["split"] != "test"]
    note = "macro-F1, grouped cross-validation on train and dev"
    return [
        Measure(f"probe_register_{s}", probe_f1(seen["register"].tolist(), seen[s], seen["group"]), note)
        for s in ("stance", "sentiment")
    ]

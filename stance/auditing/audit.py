"""Audit: every figure of a corpus, and whether it keeps the limits that its sheet sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from stance.auditing import constructed, probes
from stance.auditing.agreement import cohen_kappa, krippendorff_alpha
from stance.auditing.duplicates import folded, near_pairs
from stance.auditing.findings import Audit, Measure, judge
from stance.auditing.leaks import NEAR, leak_lines, leak_measures, overlaps
from stance.auditing.measures import label_gap, majority_f1, word_counts
from stance.data.corpora import Corpus, load_corpus, load_sheet
from stance.data.hub import is_hub
from stance.data.tables import LINE, read_table

ANNOTATIONS = "annotations.csv"
MAX_ACTORS, MAX_TARGETS = 20, 10  # shown, the most frequent first
MAX_PROBED = 5_000  # rows; beyond, cross-validated probes take minutes


def audit(
    source: str | Path,
    scheme: str | None = None,
    revision: str | None = None,
    **own: Any,  # noqa: ANN401 - what `load_corpus` takes
) -> Audit:
    """Compute the figures of a corpus: size, balance, duplicates, leaks, ceilings, agreement, probes.

    What does not apply to a corpus (agreement without a second pass, leaks without an official test) is
    left out, and says so.

    Parameters
    ----------
    source : str or path
        A corpus by name, a folder with a sheet, or a file of your own or a dataset of the hub (then
        `scheme` is needed).
    scheme : str, optional
        Audit this scheme alone.
    revision : str, optional
        The commit of a dataset of the hub.
    **own
        ``columns``, ``label_map``, ``separator`` and ``encoding`` of a file of your own, as for
        `stance.load_corpus`.

    Raises
    ------
    InputError, MissingDataError, RefusedFileError
        If the corpus cannot be loaded.
    """
    first = load_corpus(source, scheme, revision=revision, **own)
    names = [first.scheme.name] if scheme else list(first.sheet.schemes)
    corpora = [load_corpus(source, name, **own) if name != first.scheme.name else first for name in names]
    sections: dict[str, list[Measure]] = {}
    leaks: list[str] = []
    for corpus in corpora:
        name = corpus.scheme.name
        found = overlaps(corpus)
        leaks += [f"{name}, {line}" for line in leak_lines(found)]
        sections[f"{name}: size and balance"] = _prefixed(name, _balance(corpus))
        sections[f"{name}: labels by actor and target"] = _prefixed(name, _counts(corpus))
        sections[f"{name}: duplicates and tests"] = _prefixed(name, [*_duplicates(corpus), *leak_measures(found)])
        sections[f"{name}: probes"] = _prefixed(name, _probes(corpus))
    folder = None if is_hub(source) or Path(source).is_file() else load_sheet(source)[0]
    sections["text"] = _text(first)
    if folder is not None and first.sheet.reader == "four_actors":
        rows = pd.concat([read_table(folder / f.path).drop_columns([LINE]).to_pandas() for f in first.sheet.files])
        sections["construction"] = constructed.construction(rows.reset_index(drop=True))
    sections["agreement of two passes"] = _agreement(folder)
    limits = first.sheet.limits
    judged = {title: [judge(one, limits) for one in measures] for title, measures in sections.items()}
    measured = {one.name for section in judged.values() for one in section if one.value is not None}
    return Audit(first.name, judged, leaks, sorted(set(limits) - measured))


def _prefixed(scheme: str, measures: list[Measure]) -> list[Measure]:
    return [Measure(f"{scheme}.{m.name}", m.value, m.note, m.limit, m.ok) for m in measures]


def _balance(corpus: Corpus) -> list[Measure]:
    frame = corpus.frame
    shares = frame["label"].value_counts(normalize=True)
    measures = [
        Measure("rows", len(frame)),
        Measure("groups", int(frame["group"].nunique())),
        Measure("largest_group", int(frame["group"].value_counts().max()), "rows"),
        *(Measure(f"share_{label}", float(shares.get(label, 0.0))) for label in corpus.scheme.labels),
    ]
    filed = frame[frame["actor"].notna()]
    if filed["actor"].nunique() < 2:
        return [*measures, Measure("actors", int(filed["actor"].nunique()), "too few to compare")]
    table = pd.crosstab(filed["actor"], filed["label"]).reindex(columns=list(corpus.scheme.labels), fill_value=0)
    actor, target = filed["actor"], filed["target"]
    directed = tuple(corpus.scheme.labels[:2])
    return [
        *measures,
        Measure("rows_per_actor", int(table.sum(axis=1).min()), "of the actor with the fewest"),
        Measure("rows_per_actor_and_label", int(table.to_numpy().min()), "of the smallest cell"),
        Measure("actor_gap_points", label_gap(filed["label"], actor, directed), f"in the share of {directed}"),
        Measure("majority_by_actor", majority_f1(filed["label"], [actor]), "macro-F1 of each actor's commonest label"),
        Measure(
            "majority_by_actor_target", majority_f1(filed["label"], [actor, target]), "the same by actor and target"
        ),
    ]


def _counts(corpus: Corpus) -> list[Measure]:
    """Return the rows of each actor and of the most frequent targets, the counts of their labels in the note."""
    frame = corpus.frame
    measures = []
    for column, most in (("actor", MAX_ACTORS), ("target", MAX_TARGETS)):
        for value, n_rows in frame[column].value_counts().head(most).items():
            counts = frame.loc[frame[column] == value, "label"].value_counts()
            said = ", ".join(f"{label} {counts.get(label, 0):,}" for label in corpus.scheme.labels)
            measures.append(Measure(f"{column}.{value}", int(n_rows), said))
    return measures or [Measure("actor", None, "left out: the rows name neither actor nor target")]


def _duplicates(corpus: Corpus) -> list[Measure]:
    frame = corpus.frame.assign(folded=folded(list(corpus.frame["text"])).to_numpy())
    keys = ["folded", "holder", "target", "holder_start", "target_start"]
    labels = frame.groupby(keys, dropna=False)["label"].nunique()
    distinct = frame["folded"].drop_duplicates().tolist()
    near = {j for _, j, _ in near_pairs(distinct, NEAR)}
    splits = frame.groupby("folded")["split"].nunique()
    return [
        Measure("distinct_sentences", len(distinct), "case, punctuation and brackets dropped"),
        Measure("sentences_in_two_splits", int((splits > 1).sum()), "distinct ones that stand in more than one split"),
        Measure("near_duplicates", len(near), f"distinct ones whose word 3-grams overlap an earlier one's by {NEAR:g}"),
        Measure("repeated_rows", int(frame.duplicated(keys).sum()), "same text, holder and target as an earlier row"),
        Measure("conflicting_labels", int((labels > 1).sum()), "same text, holder and target, different labels"),
    ]


def _probes(corpus: Corpus) -> list[Measure]:
    part = corpus.sheet.schemes[corpus.scheme.name]
    frame = corpus.frame[~corpus.frame["split"].isin(part.tests)]
    texts, labels, groups = frame["text"], frame["label"], frame["group"]
    if len(frame) > MAX_PROBED or labels.value_counts().min() < probes.N_FOLDS or groups.nunique() < probes.N_FOLDS:
        return [Measure("probes", None, f"left out: more than {MAX_PROBED:,} rows, or too few of a label")]
    sizes = groups.map(groups.value_counts()).astype(float).tolist()
    scores = {name: probes.plain_text_f1(name, texts, labels, groups, corpus.scheme.name) for name in probes.PLAIN_TEXT}
    best = max(scores, key=lambda name: scores[name])
    note = "macro-F1, grouped cross-validation, tests left unread"
    return [
        Measure("probe_length", probes.probe_f1(word_counts(texts).astype(float).tolist(), labels, groups), note),
        Measure("probe_first_word", probes.probe_f1(probes.first_words(texts), labels, groups), note),
        Measure("probe_group_size", probes.probe_f1(sizes, labels, groups), note),
        Measure("best_plain_text", scores[best], f"{best}; {note}"),
    ]


def _text(corpus: Corpus) -> list[Measure]:
    texts = corpus.frame["text"].drop_duplicates()
    counts = word_counts(texts)
    strange = sum(not c.isprintable() or c == "\ufffd" for text in texts for c in text)
    return [
        Measure("shortest_words", int(counts.min())),
        Measure("longest_words", int(counts.max())),
        Measure("mean_words", float(counts.mean())),
        Measure("sd_words", float(counts.std())),
        Measure("word_forms", constructed.word_forms(texts), "distinct, case folded"),
        Measure("unprintable_characters", int(strange), "control characters, U+FFFD"),
    ]


def agreement_measures(path: Path) -> list[Measure]:
    """Return Cohen's kappa and Krippendorff's alpha of the two passes in an ``annotations.csv``.

    Over all rows, by actor (the part of the id before its hyphen) and by phenomenon, for each scheme.
    """
    table = read_table(path).to_pandas()
    parts = {"": table} | {f".{actor}": rows for actor, rows in table.groupby(table["id"].str.split("-").str[0])}
    if "phenomena" in table.columns:
        tagged = table.assign(one=table["phenomena"].str.split()).explode("one")
        parts |= {f".{name}": rows for name, rows in tagged.groupby("one")}
    measures = []
    for scheme in ("stance", "sentiment"):
        for suffix, rows in parts.items():
            first, second = rows[f"{scheme}_first"].tolist(), rows[f"{scheme}_second"].tolist()
            alpha = krippendorff_alpha(zip(first, second, strict=True))
            said = f"{len(rows):,} rows" + (f"; Krippendorff's alpha {alpha:.3f}" if alpha is not None else "")
            measures.append(Measure(f"kappa_{scheme}{suffix}", cohen_kappa(first, second), said))
    return measures


def _agreement(folder: Path | None) -> list[Measure]:
    path = folder / ANNOTATIONS if folder is not None else None
    if path is None or not path.is_file():
        return [Measure("kappa", None, f"left out: no {ANNOTATIONS} with a second pass")]
    return agreement_measures(path)

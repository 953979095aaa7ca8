"""Sections: what every report says besides its tables, free of any format."""

from __future__ import annotations

from collections import Counter
from typing import Any

from stance.running.results import Results

READING = (
    "Each classifier learned from the training sentences of a corpus and then labelled test sentences that "
    "it had not seen. Macro-F1 is the mean of the F1 of all labels, the rare ones counting as much as the "
    "frequent ones: 1 is perfect, and the row “majority”, where there is one, shows what always answering "
    "the most frequent label is worth.",
    "The 95 % interval says how far a score might move had other articles or events of the same kind been "
    "collected: groups of sentences that belong together are drawn again, whole, 2,000 times. Under each table "
    "stands who is not told apart from the first: of these, by this test, any may be the best.",
    "Speed is the median of repeated calls on one thread of the machine named below, from text to label. It "
    "holds for that machine and for sentences of this length.",
)
PROTOCOLS = {
    "official": "official: trained on the corpus's training split, tested on the test that its sheet names.",
    "official-clean": "official-clean: as official, without the sentences that stand in the test and in another split.",
    "grouped-kfold": "grouped-kfold: five folds of the training split, groups kept whole; all pooled.",
    "leave-one-actor-out": "leave-one-actor-out: for each actor, trained on the training sentences of the "
    "others and tested on that actor's test sentences; all pooled.",
    "leave-one-target-out": "leave-one-target-out: for each target, trained on the training sentences about the "
    "others and tested on the test sentences about it; all pooled.",
    "transfer": "transfer: trained on the training sentences of the corpora named first, those that stand in the test "
    "left out; tested on the last one's test sentences, or those of them that are filed under an actor.",
}
METRICS = {"macro_f1": "macro-F1", "micro_f1": "micro-F1", "f_avg": "F-avg", "f_avg_by_target": "F-avg by target"}


TUNED_TITLE = "Chosen by inner cross-validation"
TUNED_HEAD = ("classifier", "corpus", "scheme", "protocol", "fold", "parameters", "inner macro-F1")
TUNED_NOTE = (
    "Of the values that the experiment names, these had the highest mean macro-F1 in folds of the training "
    "sentences, groups kept whole; test sentences took no part. The classifier was then fitted on all training "
    "sentences. Its speed, where measured, is that of the first choice listed for the corpus and scheme, the "
    "search not counted."
)


def metric_name(metric: str) -> str:
    """Return how tables call a metric.

    Examples
    --------
    >>> metric_name("f_avg"), metric_name("accuracy")
    ('F-avg', 'accuracy')
    """
    return METRICS.get(metric, metric)


def failures(results: Results) -> list[tuple[str, str, str]]:
    """Return title, status and cause of each cell that failed."""
    return [(str(one["title"]), str(one["status"]).replace("_", " "), str(one["cause"])) for one in results.failures]


def warnings(results: Results) -> list[tuple[str, str]]:
    """Return who warned, in how many cells, and of what."""
    cells = {cell.key: cell for cell in results.cells}
    said: Counter[tuple[str, str]] = Counter()
    for key, texts in results.warnings.items():
        cell = cells[key]
        said.update((f"{cell.corpus}/{cell.scheme}/{cell.classifier}", text) for text in texts)
    return [(f"{who} ({n:,} cells)" if n > 1 else who, text) for (who, text), n in sorted(said.items())]


def tuned(results: Results) -> list[tuple[str, ...]]:
    """Return what `TUNED_HEAD` names of each cell whose parameters were chosen."""
    rows: list[tuple[str, ...]] = []
    for cell in results.cells:
        if cell.key in results.tuned:
            one = results.tuned[cell.key]
            fold = cell.fold if cell.seed is None else f"{cell.fold}, seed {cell.seed}"
            chosen = ", ".join(f"{key} = {value}" for key, value in sorted(one["params"].items()))
            place = (cell.classifier, cell.corpus, cell.scheme, cell.protocol, fold)
            rows.append((*place, chosen, f"{one['score']:.3f}"))
    return rows


def corpora(results: Results) -> list[dict[str, Any]]:
    """Return each corpus once: ``name``, ``title`` and ``facts``, pairs of a word and what it says."""
    found: dict[str, dict[str, Any]] = {}
    for one in results.corpora:
        entry = found.setdefault(one["name"], {"name": one["name"], "title": one["title"], "facts": _facts(one)})
        labels = ", ".join(one["labels"])
        entry["facts"].append((one["scheme"], f"{one['n_sentences']:,} sentences; labels: {labels}"))
        entry["facts"].append((f"{one['scheme']}, SHA-256", one["sha256"]))
        notes = [fact for fact in (("note", note) for note in one.get("notes", [])) if fact not in entry["facts"]]
        entry["facts"].extend(notes)
    return list(found.values())


def provenance(results: Results) -> list[tuple[str, str]]:
    """Return pairs of a word and what it says: versions, machine, hashes."""
    held = results.provenance
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(held.libraries.items()))
    return [
        ("experiment", results.name),
        ("experiment, SHA-256", held.experiment_sha256),
        ("stance", held.stance_version),
        ("code, SHA-256", held.code_sha256),
        ("Python", held.python_version),
        ("libraries", libraries),
        ("platform", held.platform),
        ("machine", f"{held.cpu}, {held.cores} cores, {held.memory_bytes / 1e9:.1f} GB memory"),
    ]


def classifiers(results: Results) -> list[tuple[str, str]]:
    """Return each classifier's name and what it is: its class, the parameters set and those to choose from."""
    said = []
    for one in results.classifiers:
        fixed = [f"{key} = {value}" for key, value in sorted(one["params"].items())]
        free = [f"{key} from {values}" for key, values in sorted(one.get("matrix", {}).items())]
        said.append((one["name"], ", ".join([one["class"], *fixed, *free, *_taught(one.get("teaching"))])))
    return said


def _taught(teaching: dict[str, Any] | None) -> list[str]:
    if teaching is None:
        return []
    fixed = [f"{key} = {value}" for key, value in sorted(teaching["params"].items())]
    who = ", ".join([teaching["class"], *fixed])
    return [f"taught by {who}, about the sentences of {', '.join(teaching['unlabelled'])}"]


def _facts(corpus: dict[str, Any]) -> list[tuple[str, str]]:
    words = ("version", "licence", "terms", "citation")
    return [(word, str(corpus[word])) for word in words if corpus.get(word)]

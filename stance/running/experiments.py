"""Experiment files: what is run, checked before anything is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from stance.classifiers.registry import make_classifier
from stance.core.errors import InputError, MissingDataError, show, suggest
from stance.core.files import canonical_json, read_toml
from stance.core.paths import shipped
from stance.core.schemes import SCHEMES
from stance.data.corpora import Corpus, load_corpus
from stance.data.hub import is_hub
from stance.data.sheets import Strict, check_model
from stance.data.splits import PROTOCOLS
from stance.evaluation.metrics import METRICS
from stance.running.matrix import Matrix, read_matrix
from stance.running.published import published_file
from stance.running.teaching import Teaching, read_teaching

NO_PARAMETERS = ("class", "matrix", "teacher", "unlabelled")


class CorpusEntry(Strict):
    """One corpus of an experiment: a name, or a path with what its file does not say.

    Attributes
    ----------
    name, path : str
        One of the two; a relative path counts from the experiment file. A path may be ``hf://org/name``.
    scheme : str or None
        For a file of your own or a dataset of the hub; for a corpus, run this scheme alone.
    columns, label_map, separator, encoding, revision
        As in `stance.load_corpus`.
    protocols : list of str
        Instead of the experiment's.
    """

    name: str | None = None
    path: str | None = None
    scheme: str | None = None
    columns: dict[str, str] = {}
    label_map: dict[str, str] = {}
    protocols: list[str] = []
    separator: str | None = None
    encoding: str = "utf-8"
    revision: str | None = None

    def own(self) -> dict[str, Any]:
        """Return what `stance.load_corpus` must be told of a file of one's own."""
        return {key: getattr(self, key) for key in ("columns", "label_map", "separator", "encoding", "revision")}


class TransferEntry(Strict):
    """Train on one corpus or several, test on another (or on one of them: the in-domain figure).

    Attributes
    ----------
    train : str or list of str
    test : str
        Names of corpora, or paths of folders; a relative path counts from the experiment file.
    scheme : str
        A scheme that all have.
    actors_only : bool
        Test on the rows that are filed under a listed actor alone.
    """

    train: str | list[str]
    test: str
    scheme: str
    actors_only: bool = True


class ExperimentFile(Strict):
    """The keys of an experiment file.

    Attributes
    ----------
    corpora : list of CorpusEntry
        Names stand for entries.
    transfers : list of TransferEntry
        Instead of corpora, or beside them.
    schemes : list of str
        Those that a corpus lacks are left out; empty means all that it has.
    protocols : list of str
        Empty means ``official`` where the corpus has tests, else ``grouped-kfold``.
    metrics : list of str
    seeds : list of int
        Repeated only for classifiers that use a seed.
    classifiers : dict of str to dict
        Parameters by the name to show; ``class`` names another classifier than that name does, ``matrix``
        the values that parameters are chosen from, ``teacher`` and ``unlabelled`` who teaches it about what.
    time_limit_seconds, memory_limit_mb : int
        Of one fit and the tests that share it.
    timing : bool
        Whether clocks are read as well.
    """

    corpora: list[CorpusEntry] = []
    transfers: list[TransferEntry] = []
    schemes: list[str] = []
    protocols: list[str] = []
    metrics: list[str] = ["macro_f1", "f_avg", "accuracy"]
    seeds: list[int] = Field(default=[0], min_length=1)
    classifiers: dict[str, dict[str, Any]] = Field(min_length=1)
    time_limit_seconds: int = Field(default=900, gt=0)
    memory_limit_mb: int = Field(default=8000, gt=0)
    timing: bool = True

    @model_validator(mode="after")
    def _something(self) -> ExperimentFile:
        if not self.corpora and not self.transfers:
            raise ValueError('key "corpora": names nothing to run; give at least one corpus or transfer')
        return self

    @field_validator("seeds")
    @classmethod
    def _once(cls, seeds: list[int]) -> list[int]:
        for i, seed in enumerate(seeds):
            if seed in seeds[:i]:
                raise ValueError(f"{seed} stands there twice; give each seed once")
        return seeds

    @field_validator("schemes", "protocols", "metrics")
    @classmethod
    def _known(cls, words: list[str], info: Any) -> list[str]:  # noqa: ANN401 - pydantic's info
        known = {"schemes": list(SCHEMES), "protocols": list(PROTOCOLS), "metrics": list(METRICS)}[info.field_name]
        for word in words:
            if word not in known:
                raise ValueError(f'"{show(word)}" is not one of {", ".join(known)}{suggest(word, known)}')
        return words


@dataclass(frozen=True)
class ClassifierSpec:
    """A classifier of an experiment: the name to show, the class, its parameters, those to be chosen, its teacher."""

    name: str
    class_name: str
    params: dict[str, Any]
    matrix: Matrix = field(default_factory=dict)
    teaching: Teaching | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the classifier as a JSON-ready mapping."""
        taught = {"teaching": self.teaching.to_dict()} if self.teaching else {}
        return {"name": self.name, "class": self.class_name, "params": self.params, "matrix": self.matrix} | taught


@dataclass(frozen=True)
class Experiment:
    """A checked experiment.

    Attributes
    ----------
    name : str
        The file's stem; the results folder's name.
    folder : pathlib.Path
        Relative paths of corpora count from it.
    file : ExperimentFile
    classifiers : tuple of ClassifierSpec
    """

    name: str
    folder: Path
    file: ExperimentFile
    classifiers: tuple[ClassifierSpec, ...]

    def corpora(self) -> list[tuple[Corpus, list[str]]]:
        """Load each corpus under each of its schemes; return them with their protocols."""
        loaded = []
        for entry in self.file.corpora:
            protocols = entry.protocols or self.file.protocols
            source = self._source(entry)
            if entry.scheme:
                one = load_corpus(source, entry.scheme, **entry.own())
                loaded.append((one, protocols))
                continue
            first = load_corpus(source)
            schemes = [s for s in first.sheet.schemes if s in (self.file.schemes or first.sheet.schemes)]
            if not schemes:
                raise InputError(f"{first.name}: has none of the schemes {', '.join(self.file.schemes)}")
            loaded += [(load_corpus(source, scheme), protocols) for scheme in schemes]
        return loaded

    def transfers(self) -> list[tuple[list[Corpus], Corpus, bool]]:
        """Load the corpora of each transfer: those to learn from, the one to test on, and whether on actors only."""

        def load(source: str, scheme: str) -> Corpus:
            return load_corpus(self._place(source), scheme)

        return [
            ([load(name, t.scheme) for name in _listed(t.train)], load(t.test, t.scheme), t.actors_only)
            for t in self.file.transfers
        ]

    def unlabelled(self, sources: Sequence[str], scheme: str) -> list[Corpus]:
        """Load corpora that a teacher labels, under a scheme if they have it."""
        loaded = []
        for source in map(self._place, sources):
            has_sheet = not Path(source).is_file()
            schemes = load_corpus(source).sheet.schemes if has_sheet else (scheme,)
            loaded.append(load_corpus(source, scheme if scheme in schemes else None))
        return loaded

    def _place(self, source: str) -> str | Path:
        return source if source.isidentifier() else self.folder / source

    def _source(self, entry: CorpusEntry) -> str | Path:
        if (entry.name is None) == (entry.path is None):
            raise InputError(f"{self.name}.toml: a corpus has a name or a path, one of the two")
        if entry.name is not None:
            return entry.name
        return str(entry.path) if is_hub(entry.path) else self.folder / str(entry.path)


def read_experiment(source: str | Path | Mapping[str, Any]) -> Experiment:
    """Read and check an experiment: a TOML file, a shipped one by name, or its mapping.

    Raises
    ------
    InputError
        If a key, protocol, metric, classifier or parameter is unknown; the nearest is named.
    MissingDataError
        If there is no such file.

    Examples
    --------
    >>> read_experiment({"corpora": ["four_actors"], "classifiers": {"linear_svm": {"c": 1}}})
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: experiment: classifier "linear_svm": unknown parameter "c" (did you mean "C"?)
    """
    if isinstance(source, Mapping):
        return _checked("experiment", Path(), dict(source), "experiment")
    path = find_experiment(source)
    return _checked(path.stem, path.parent, read_toml(path), str(path))


def find_experiment(source: str | Path) -> Path:
    """Return the path of an experiment file; one that is not there is looked for among the shipped ones."""
    path = Path(source)
    for candidate in (path, shipped("experiments") / path.name):
        if candidate.is_file():
            return candidate
    known = sorted(p.name for p in shipped("experiments").glob("*.toml") if p != published_file())
    raise MissingDataError(f"{show(path)}: no such experiment{suggest(path.name, known)}; shipped: {', '.join(known)}")


def _checked(name: str, folder: Path, raw: dict[str, Any], source: str) -> Experiment:
    corpora = raw.get("corpora")
    if isinstance(corpora, list):
        raw = raw | {"corpora": [{"name": c} if isinstance(c, str) else c for c in corpora]}
    file = check_model(raw, ExperimentFile, source)
    try:
        classifiers = tuple(_spec(shown, table) for shown, table in file.classifiers.items())
    except InputError as error:
        raise InputError(f"{show(source)}: {error}") from None
    return Experiment(name, folder, file, classifiers)


def _listed(words: str | list[str]) -> list[str]:
    return [words] if isinstance(words, str) else words


def _spec(shown: str, table: dict[str, Any]) -> ClassifierSpec:
    params = {key: value for key, value in table.items() if key not in NO_PARAMETERS}
    class_name = table.get("class", shown)
    if not isinstance(class_name, str):
        raise InputError(f'classifiers.{shown}.class: {show(class_name)} is not a name or "module:Class"')
    try:
        canonical_json(table)
    except (TypeError, ValueError):
        raise InputError(f"classifiers.{shown}: holds a date, inf or nan; give finite numbers and words") from None
    make_classifier(class_name, params)
    if "matrix" not in table:
        return ClassifierSpec(shown, class_name, params, teaching=read_teaching(f"classifiers.{shown}", table))
    read_teaching(f"classifiers.{shown}", table)  # which does not go with a matrix
    matrix = read_matrix(f"classifiers.{shown}.matrix", table["matrix"], class_name, params)
    return ClassifierSpec(shown, class_name, params, matrix)

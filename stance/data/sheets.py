"""Sheets: what a corpus says of itself in ``sheet.toml``, checked before a row is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from stance.core.errors import MAX_PATH_CHARS, InputError, MissingDataError, show, suggest
from stance.core.files import read_toml
from stance.core.schemes import SCHEMES, check_labels, get_scheme

SHEET = "sheet.toml"
DEV_NAMES = {"dev", "val", "valid", "validation"}
SPLIT_SPELLINGS = {"training": "train", "tests": "test", "testing": "test", "development": "dev"}
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Metric = Literal["macro_f1", "f_avg", "f_avg_by_target", "micro_f1", "accuracy"]
Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Base of all checked files: unknown keys are refused, values are not coerced, nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SheetFile(Strict):
    """One file of a corpus."""

    path: str
    split: str | None = None
    separator: str | None = None
    encoding: str = "utf-8"
    url: str | None = None
    sha256: Sha256 | None = None
    bytes: int | None = None

    @model_validator(mode="after")
    def _inside(self) -> SheetFile:
        path = Path(self.path)
        if path.anchor or ".." in path.parts or not path.name:
            raise ValueError("a sheet's file lies inside of the corpus's folder")
        if self.url is not None and self.sha256 is None:
            raise ValueError("a file that is fetched needs its sha256")
        return self


class SchemeSheet(Strict):
    """How one scheme is labelled, split and scored in a corpus.

    Attributes
    ----------
    labels : list of str
        The declared labels, in the scheme's order; a subset of the scheme's. Metrics average over them.
    label_map : dict of str to str
        From the source's codes to the scheme's labels; without it the labels stand as they are.
    metric : str
        The source's official metric.
    tests, train, dev : list of str
        Names of splits: each test is a fold of the protocol ``official``.
    train_per : {"target"} or None
        Whether a model is trained for each target.
    """

    labels: list[str] = []
    label_map: dict[str, str] = {}
    metric: Metric = "macro_f1"
    tests: list[str] = []
    train: list[str] = ["train"]
    dev: list[str] = []
    train_per: Literal["target"] | None = None

    @model_validator(mode="after")
    def _tests_apart(self) -> SchemeSheet:
        both = [name for name in self.tests if name in self.train]
        if both:
            raise ValueError(f'split "{show(both[0])}" is named in both train and tests')
        return self


class Columns(Strict):
    """Which column of a table holds what."""

    text: str = "text"
    label: str = "label"
    id: str | None = None
    holder: str | None = None
    target: str | None = None
    group: str | None = None
    split: str | None = None


class Limit(Strict):
    """What an audited figure must keep: at least `min`, at most `max`."""

    min: float | None = None
    max: float | None = None


class Sheet(Strict):
    """A corpus's sheet: what it is, whose it is, where it lies, how it is read and split."""

    name: str
    title: str
    version: str
    description: str = ""
    licence: str = "not stated"
    terms: str = ""
    citation: str = ""
    homepage: str = ""
    reader: str = "table"
    columns: Columns = Columns()
    files: list[SheetFile] = Field(min_length=1)
    schemes: dict[str, SchemeSheet] = Field(min_length=1)
    limits: dict[str, Limit] = {}

    @model_validator(mode="after")
    def _names_known(self) -> Sheet:
        if Path(self.name).name != self.name or self.name in ("", ".."):
            raise ValueError(f'name "{show(self.name)}" is not the name of a folder')
        for name, part in self.schemes.items():
            if name not in SCHEMES:
                raise ValueError(f"schemes.{show(name)} is not one of {', '.join(SCHEMES)}{suggest(name, SCHEMES)}")
            _check_labels(f"schemes.{name}.labels", part.labels, SCHEMES[name].labels)
            _check_labels(f"schemes.{name}.label_map", part.label_map.values(), self.labels(name))
        return self

    def labels(self, scheme: str) -> tuple[str, ...]:
        """Return the declared labels of a scheme, in the scheme's order."""
        declared = self.schemes[scheme].labels
        return tuple(label for label in SCHEMES[scheme].labels if not declared or label in declared)


def read_sheet(folder: Path) -> Sheet:
    """Read and check ``folder/sheet.toml``.

    Raises
    ------
    MissingDataError
        If there is no sheet.
    InputError
        If a key is unknown (the nearest is named), missing, or of the wrong type.
    """
    path = folder / SHEET
    if not path.is_file():
        raise MissingDataError(f"{show(folder)}: holds no {SHEET}; write one (corpora/README.md says how)")
    return read_model(path, Sheet)


def named_scheme(source: str | Path, scheme: str | None) -> str:
    """Return the scheme of a source that has no sheet to name it.

    Examples
    --------
    >>> named_scheme("us.csv", None)
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: us.csv: say which scheme its labels are of: stance, sentiment, directed
    """
    if scheme is None:
        said = show(source, MAX_PATH_CHARS)
        raise InputError(f"{said}: say which scheme its labels are of: {', '.join(SCHEMES)}")
    return get_scheme(scheme).name


def sheet_of_file(path: Path, scheme: str, own: Mapping[str, Any]) -> Sheet:
    """Return the sheet of a file of one's own: `own` has its ``columns, label_map, separator, encoding``."""
    sheet = {
        "name": path.stem,
        "title": path.name,
        "version": "1",
        "files": [SheetFile(path=path.name, separator=own["separator"], encoding=own["encoding"])],
        "columns": check_model(dict(own["columns"] or {}), Columns, "columns"),
        "schemes": {scheme: check_model({"label_map": dict(own["label_map"] or {})}, SchemeSheet, "label_map")},
    }
    return check_model(sheet, Sheet, str(path))


def split_roles(names: Iterable[str]) -> dict[str, list[str]]:
    """Return which splits of an own file or dataset are tests, if there is a train beside a test, and dev.

    Examples
    --------
    >>> split_roles({"train", "validation", "test"})
    {'tests': ['test'], 'dev': ['validation']}
    """
    named = set(names)
    return {"tests": ["test"] if {"train", "test"} <= named else [], "dev": sorted(named & DEV_NAMES)}


def meant_split(name: str) -> str | None:
    """Return the split that a name nearly spells, None where it is one or is like none.

    Examples
    --------
    >>> meant_split("Test "), meant_split("training"), meant_split("test"), meant_split("fold_3")
    ('test', 'train', None, None)
    """
    plain = name.strip().casefold()
    meant = plain if plain in {"train", "test"} | DEV_NAMES else SPLIT_SPELLINGS.get(plain)
    return meant if meant != name else None


def with_roles(sheet: Sheet, scheme: str, names: Iterable[str]) -> Sheet:
    """Return the sheet of an own file with the roles that the names of its splits give them."""
    part = sheet.schemes[scheme].model_copy(update=split_roles(names))
    return sheet.model_copy(update={"schemes": {scheme: part}})


def read_model(path: Path, model: type[Model]) -> Model:
    """Read a TOML file into a checked model; every broken rule becomes one line of the error."""
    return check_model(read_toml(path), model, str(path))


def check_model(raw: object, model: type[Model], source: str) -> Model:
    """Check a mapping against a model, naming the source, the key's path, the value and the remedy."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        lines = [f"{show(source, MAX_PATH_CHARS)}: {_explain(dict(e), model)}" for e in error.errors()]
        raise InputError("\n".join(lines)) from None


def _check_labels(where: str, labels: Iterable[str], allowed: Iterable[str]) -> None:
    try:
        check_labels(labels, allowed)
    except InputError as error:
        raise ValueError(f"{where}: {error}") from None


def _explain(error: dict[str, object], model: type[BaseModel]) -> str:
    path = error["loc"]
    assert isinstance(path, tuple)  # noqa: S101 - pydantic's promise, for the type checker
    key = ".".join(str(part) for part in path)
    if error["type"] == "extra_forbidden":
        return f'unknown key "{show(key)}"{suggest(str(path[-1]), _known_keys(model, path[:-1]))}'
    if error["type"] == "missing":
        return f'key "{show(key)}" is missing'
    said = str(error["msg"]).removeprefix("Value error, ")
    if not path:
        return said
    return f'key "{show(key)}": {show(repr(error["input"]))}: {said[:1].lower()}{said[1:]}'


def _known_keys(model: type[BaseModel], path: tuple[object, ...]) -> list[str]:
    """Return the keys of the model that the path leads to, walking its annotations."""
    here: list[type[BaseModel]] = [model]
    for part in path:
        step = [m.model_fields[str(part)].annotation for m in here if str(part) in m.model_fields]
        here = [found for note in step for found in _models_in(note)] or here
    return [key for m in here for key in m.model_fields]


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in getattr(annotation, "__args__", ()) for found in _models_in(part)]

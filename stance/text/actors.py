"""The actors: who they are, what they are called, and the strict reader of such TOML files."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from stance.core.errors import InputError, show, suggest
from stance.core.files import read_toml
from stance.core.paths import shipped

MAX_PHRASE_CHARS = 100
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
RULES = {
    "missing": "is missing",
    "string_too_short": "must not be empty",
    "string_type": "must be a text in quotes",
    "list_type": "must be a list of texts in quotes",
    "too_short": "must not be empty",
    "model_type": "must be a table",
}


@dataclass(frozen=True)
class Actor:
    """A political entity and what it is called.

    Attributes
    ----------
    key : str
        How labels and files call it: ``russia``.
    name : str
        How tables and plots call it: ``Russia``.
    colour : str
        Its colour in plots, ``#rrggbb``.
    names : tuple of str
        Its names; a capital must be a capital in the text.
    any_case : tuple of str
        Its names that count however they are written.
    weak : tuple of str
        Names that may mean another: used on demand only.
    excluded : tuple of str
        Phrases that hold a name and mean something else (``not`` in the file).

    Examples
    --------
    >>> Actor("nato", "NATO", "#000000", ("NATO", "North Atlantic Treaty Organization")).names[0]
    'NATO'
    """

    key: str
    name: str
    colour: str
    names: tuple[str, ...]
    any_case: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def _phrase(text: str) -> str:
    if not any(map(str.isalnum, text)) or text != " ".join(text.split()) or len(text) > MAX_PHRASE_CHARS:
        rule = f"must hold a letter, single blanks between words and at most {MAX_PHRASE_CHARS} characters"
        raise PydanticCustomError("phrase", rule)
    return text


def _colour(text: str) -> str:
    if not COLOUR.fullmatch(text):
        raise PydanticCustomError("colour", 'must be a colour such as "#0072B2"')
    return text


Phrase = Annotated[str, AfterValidator(_phrase)]


class StrictTable(BaseModel):
    """Refuse unknown keys and values of another type: the base of what a table may say.

    Examples
    --------
    >>> StrictTable.model_config["extra"]
    'forbid'
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _ActorTable(StrictTable):
    name: Phrase
    colour: Annotated[str, AfterValidator(_colour)]
    names: Annotated[list[Phrase], Field(min_length=1)]
    any_case: list[Phrase] = []
    weak: list[Phrase] = []
    excluded: list[Phrase] = Field(default=[], alias="not")


Table = TypeVar("Table", bound=StrictTable)


def read_tables(path: Path, model: type[Table]) -> dict[str, Table]:
    """Return the tables of a TOML file by their keys, each checked against `model`.

    Raises
    ------
    InputError
        At the first broken rule; the message names the file and the path of the key.
    MissingDataError
        If there is no such file.

    Examples
    --------
    >>> sorted(read_tables(shipped("corpora") / "actors.toml", _ActorTable))
    ['iran', 'israel', 'russia', 'trump']
    """
    tables = read_toml(path)
    if not tables:
        raise InputError(f"{show(path)}: holds no table; write one a name, such as [russia]")
    return {key: _checked(path, key, table, model) for key, table in tables.items()}


def load_actors(path: str | Path | None = None) -> dict[str, Actor]:
    """Return the actors by key: the shipped ones and, where given, those of a file of the same form.

    An actor of the file replaces the shipped one of the same key.

    Parameters
    ----------
    path : str or Path or None
        A TOML file with a table an actor: ``name``, ``colour``, ``names`` and, if need be, ``any_case``,
        ``weak`` and ``not``.

    Raises
    ------
    InputError
        If the file breaks a rule, or two actors claim the same name.

    Examples
    --------
    >>> {key: actor.name for key, actor in load_actors().items()}
    {'russia': 'Russia', 'trump': 'Trump', 'israel': 'Israel', 'iran': 'Iran'}
    """
    actors = dict(_shipped_actors())
    if path is not None:
        actors |= _read_actors(Path(path))
        _check_actors(Path(path), actors)
    return actors


@functools.cache
def _shipped_actors() -> dict[str, Actor]:
    path = shipped("corpora") / "actors.toml"
    actors = _read_actors(path)
    _check_actors(path, actors)
    return actors


def _read_actors(path: Path) -> dict[str, Actor]:
    tables = read_tables(path, _ActorTable)
    return {
        key: Actor(key, t.name, t.colour, tuple(t.names), tuple(t.any_case), tuple(t.weak), tuple(t.excluded))
        for key, t in tables.items()
    }


def _checked(path: Path, key: str, table: object, model: type[Table]) -> Table:
    if not KEY.fullmatch(key):
        rule = "must be small letters, digits and underscores, a letter first, at most 40 in all"
        raise InputError(f'{show(path)}: the name of table "{show(key)}" {rule}')
    try:
        return model.model_validate(table)
    except ValidationError as error:
        # An unknown key first: it is the reason why another one is missing.
        problem = min(error.errors(include_url=False), key=lambda e: e["type"] != "extra_forbidden")
        raise InputError(f"{show(path)}: {_complaint(key, problem, model)}") from None


def _complaint(key: str, problem: Mapping[str, Any], model: type[StrictTable]) -> str:
    where = show(".".join(map(str, (key, *problem["loc"]))))
    if problem["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in model.model_fields.items()]
        return f"{where}: is not a known key{suggest(problem['loc'][-1], known)}; known: {', '.join(known)}"
    rule = RULES.get(problem["type"], problem["msg"])
    value = "" if problem["type"] in ("missing", "too_short", "string_too_short") else f'"{show(problem["input"])}" '
    return f"{where}: {value}{rule}"


def check_claims(path: Path, names: Iterable[tuple[str, str]], excluded: Iterable[tuple[str, str]]) -> None:
    """Refuse a phrase that is claimed twice, or claimed and excluded.

    Parameters
    ----------
    path : Path
        The file to name in the message.
    names, excluded : iterable of (str, str)
        The place in the file and the phrase. The same phrase may be excluded twice.

    Examples
    --------
    >>> check_claims(Path("a.toml"), [("x.names", "Rome"), ("y.names", "ROME")], [])
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: a.toml: y.names: "ROME" already stands under x.names
    """
    claims: dict[str, str] = {}
    for claiming, phrases in ((True, names), (False, excluded)):
        for where, phrase in phrases:
            stands = claims.get(phrase.casefold())
            if stands is not None:
                raise InputError(f'{show(path)}: {where}: "{show(phrase)}" already stands under {stands}')
            if claiming:
                claims[phrase.casefold()] = where


def _check_actors(path: Path, actors: Mapping[str, Actor]) -> None:
    names = [(f"{a.key}.colour", a.colour) for a in actors.values()]
    names += [(f"{a.key}.names", name) for a in actors.values() for name in a.names]
    names += [(f"{a.key}.any_case", name) for a in actors.values() for name in a.any_case]
    names += [(f"{a.key}.weak", name) for a in actors.values() for name in a.weak]
    check_claims(path, names, [(f"{a.key}.not", phrase) for a in actors.values() for phrase in a.excluded])

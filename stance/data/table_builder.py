"""A table that grows by chunks, and the rules that its texts keep whatever file they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from stance.core.errors import Problem, TableError

LINE = "__line__"
NULS = b"stance.nuls_replaced"
# Rows are lists for a moment: fewer of them than the 700 objects that wake the garbage collector.
CHUNK_ROWS = 512
TEXT = pa.string()
TEXTS = pa.list_(pa.string())


class TableBuilder:
    """Collect the chunks of one file and its broken rules.

    Parameters
    ----------
    path : Path
        The file, as messages name it.
    max_chars : int
        The longest text allowed, in Unicode code points.
    strict : bool
        Whether a NUL character in a text is an error; if not, it becomes a space and is counted.
    unit : str
        What messages count: lines of a file, or rows of a table.

    Examples
    --------
    >>> builder = TableBuilder(Path("us.csv"), max_chars=5)
    >>> builder.add({"text": builder.texts("text", ["truce", "cease-fire"], [2, 3])}, [2, 3])
    >>> builder.finish()
    Traceback (most recent call last):
        ...
    stance.core.errors.TableError: us.csv: line 3, column "text": "cease-fire" has 10 characters, ...
    """

    def __init__(self, path: Path, max_chars: int = 100_000, strict: bool = False, unit: str = "line") -> None:
        self.path = path
        self.unit = unit
        self.max_chars = max_chars
        self.strict = strict
        self.problems: list[Problem] = []
        self._tables: list[pa.Table] = []
        self._nuls = 0

    def names(self, names: Sequence[str], line: int | None = None) -> None:
        """Check the names of the columns: each once, none of them ours."""
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self.problems.append(Problem("stands twice in the header; rename one", line, name))
            if name == LINE:
                self.problems.append(Problem("is a name kept for stance; rename it", line, name))
            if not _encodes(name):
                self.problems.append(Problem("holds half a character (a lone surrogate)", line, name))
            seen.add(name)

    def texts(
        self,
        name: str,
        values: Sequence[str | list[str] | None],
        lines: Sequence[int],
        kind: pa.DataType = TEXT,
    ) -> pa.Array:
        """Return Python texts, or lists of them, as an Arrow array; lone surrogates are problems."""
        try:
            return pa.array(values, kind)
        except UnicodeEncodeError:
            for value, line in zip(values, lines, strict=True):
                self.problems.extend(_surrogates(name, value, line))
            return pa.nulls(len(values), kind)

    def add(self, columns: Mapping[str, pa.Array], lines: Sequence[int] | pa.Array) -> None:
        """Append rows: one array a column, and the line where each row starts."""
        at = lines if isinstance(lines, pa.Array) else pa.array(lines, pa.int64())
        kept = {name: self._kept(name, array, at) for name, array in columns.items()}
        if len(at) and not self.problems:
            self._tables.append(pa.table({**kept, LINE: at}))

    def finish(self) -> pa.Table:
        """Return the whole table with `LINE` as its last column, or raise all that was found."""
        if self.problems:
            raise TableError(self.path, sorted(self.problems, key=lambda problem: problem.line or 0), self.unit)
        if not self._tables:
            raise TableError(self.path, [Problem("file has no rows")])
        try:
            table = pa.concat_tables(self._tables, promote_options="permissive")
        except pa.ArrowInvalid as error:
            rule = f"an integer over 2**53 stands in a column of decimals ({error})"
            raise TableError(self.path, [Problem(rule)]) from error
        names = [name for name in table.column_names if name != LINE]
        return table.select([*names, LINE]).replace_schema_metadata({NULS: str(self._nuls)})

    def _kept(self, name: str, array: pa.Array, lines: pa.Array) -> pa.Array:
        if array.type == TEXT:
            texts, at = array, lines
        elif array.type == TEXTS:
            texts, at = array.flatten(), lines.take(pc.list_parent_indices(array))
        else:
            return array
        # Bytes bound characters from above, and their count costs nothing.
        if (pc.max(pc.binary_length(texts)).as_py() or 0) > self.max_chars:
            self._report(name, texts, at, pc.greater(pc.utf8_length(texts), self.max_chars), self._too_long)
        nuls = pc.match_substring(texts, "\0")
        if not pc.any(nuls).as_py():
            return array
        if self.strict:
            self._report(name, texts, at, nuls, lambda _: "holds a NUL character; remove it or leave --strict")
        self._nuls += pc.sum(pc.count_substring(texts, "\0")).as_py()
        return _without_nuls(array)

    def _report(self, name: str, texts: pa.Array, at: pa.Array, bad: pa.Array, rule: Callable[[str], str]) -> None:
        for text, line in zip(texts.filter(bad).to_pylist(), at.filter(bad).to_pylist(), strict=True):
            self.problems.append(Problem(rule(text), line, name, text[:100]))

    def _too_long(self, text: str) -> str:
        return f"has {len(text):,} characters, over the {self.max_chars:,} allowed; cut it or raise max_chars"


def separator_hint(names: Sequence[str]) -> str:
    r"""Return the advice for a header that holds another separator, or an empty string.

    Examples
    --------
    >>> separator_hint(["id;text;label"])
    "; the fields look separated otherwise: give --sep ';'"
    """
    shown = {";": ";", "\t": "\\t", "|": "|", ",": ","}
    found = [shown[mark] for mark in shown if len(names) == 1 and mark in names[0]]
    return f"; the fields look separated otherwise: give --sep '{found[0]}'" if found else ""


def _without_nuls(array: pa.Array) -> pa.Array:
    if array.type == TEXT:
        return pc.replace_substring(array, "\0", " ")
    rows: Iterable[list[str | None] | None] = array.to_pylist()
    return pa.array([row and [text and text.replace("\0", " ") for text in row] for row in rows], TEXTS)


def _encodes(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _surrogates(name: str, value: str | list[str] | None, line: int) -> list[Problem]:
    texts = [value] if isinstance(value, str) else value or []
    found = []
    for text in texts:
        place = next((i for i, char in enumerate(text, 1) if not _encodes(char)), None)
        if place:
            code = f"\\u{ord(text[place - 1]):04x}"
            rule = f"holds half a character (the lone surrogate {code}) at position {place:,}"
            found.append(Problem(rule, line, name, text[:100]))
    return found

"""Columns: what a table says of each classifier, written out once for every format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stance.evaluation.comparison import ALPHA
from stance.evaluation.intervals import N_RESAMPLES
from stance.reporting.escaping import cut, printable, visible
from stance.reporting.leaderboard import COVERAGES, Board, Row
from stance.reporting.sections import PROTOCOLS, metric_name
from stance.running.published import find_published
from stance.text.actors import load_actors

ACTOR_CHARS = 6
MIN_ACTOR_SENTENCES = 10  # below, an F1 of three labels or more says nothing about an actor
NONE = "–"
SHOWN_ANYWAY = ("macro_f1", "accuracy", "micro_f1")  # with one label a sentence micro-F1 is accuracy
PUBLISHED_TITLE = "Published, not run here"
PUBLISHED_HEAD = ("system", "metric", "value", "source", "caveat")
CONFIDENCE_TITLE = "What the probabilities are worth"
CONFIDENCE_NOTE = (
    "Calibration error: the mean distance between the probability of the predicted label and how often it is right "
    "(ECE, ten bins); 0 is perfect. Accuracy on the surest: what is right where a classifier may abstain on the rest."
)
SPEED_NOTE = (
    "Medians of repeated calls on one thread; fewer test sentences than 4,096 are repeated to so many. "
    "p50, p95, p99: one sentence a call. "
    "Peak memory: the whole process, Python and the corpus included."
)


@dataclass(frozen=True)
class Column:
    r"""A column of a table: numbers, written out.

    Attributes
    ----------
    head : str
        With its unit.
    short : str
        The same, narrow, lines parted by ``\n``.
    cells : tuple of str
        One a row.
    """

    head: str
    short: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table: the classifiers' names and the columns beside them."""

    names: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Name and cells of each row."""
        return [(name, *(column.cells[i] for column in self.columns)) for i, name in enumerate(self.names)]


def score_table(board: Board) -> Table:
    """Return the scores of a board: macro-F1, its interval, accuracy, other metrics, F1 per actor.

    Examples
    --------
    >>> from stance.reporting.leaderboard import Value
    >>> row = Row("svm", 1, {"macro_f1": Value(0.5, 0.4, 0.6)}, {}, None, None)
    >>> board = Board("mine", "stance", "official", "test", ("favor", "none"), (), 100, 9, {}, (row,))
    >>> score_table(board).rows
    [('svm', '0.500', '0.400–0.600', '–')]
    """
    rows = board.rows
    others = dict.fromkeys(m for row in rows for m in row.scores if m not in SHOWN_ANYWAY)
    columns = [
        Column("macro-F1", "macro\nF1", tuple(_score(row, "macro_f1") for row in rows)),
        Column("95 % interval", "95 %\ninterval", tuple(_interval(row) for row in rows)),
        Column("accuracy", "accu-\nracy", tuple(_score(row, "accuracy") for row in rows)),
    ]
    for metric in others:
        name = metric_name(metric)
        columns.append(Column(name, name.replace(" ", "\n", 1), tuple(_score(row, metric) for row in rows)))
    for actor in board.actors:
        shown = board.actor_sentences[actor] >= MIN_ACTOR_SENTENCES
        cells = tuple(_number(row.by_actor.get(actor) if shown else None, 3) for row in rows)
        name = actor_name(actor)
        columns.append(Column(f"F1 {name}", f"F1\n{cut(printable(name), ACTOR_CHARS)}", cells))
    return Table(tuple(row.classifier for row in rows), tuple(columns))


def confidence_table(board: Board) -> Table | None:
    """Return what the probabilities are worth; None where no classifier of the board has any.

    Examples
    --------
    >>> board = Board("mine", "stance", "official", "test", ("favor", "none"), (), 100, 9, {})
    >>> confidence_table(board) is None
    True
    """
    held = {row.classifier: row.confidence for row in board.rows if row.confidence}
    if not held:
        return None
    columns = [Column("calibration error", "ECE", tuple(_number(c.calibration_error, 3) for c in held.values()))]
    for share in COVERAGES[1:]:
        cells = tuple(_number(c.accuracy_at[share], 3) for c in held.values())
        head = f"accuracy on the surest {round(100 * share)} %"
        columns.append(Column(head, head, cells))
    return Table(tuple(held), tuple(columns))


def published_rows(board: Board) -> list[tuple[str, ...]]:
    """Return what `PUBLISHED_HEAD` names of each number that the literature reports on a board's test.

    Examples
    --------
    >>> board = Board("pstance", "stance", "official", "test_trump", ("favor", "against"), (), 777, 777, {})
    >>> published_rows(board)[0]
    ('BiLSTM', 'F-avg', '0.769', 'MPRF, table 3; P-Stance README', '')
    """
    return [
        (system, metric_name(one.metric), _number(value / 100, 3), one.source, one.caveat)
        for one in find_published(board.corpus, board.scheme, board.protocol, board.test)
        for system, value in one.values.items()
    ]


def speed_table(boards: Sequence[Board]) -> Table | None:
    """Return the speed of the classifiers of boards of one corpus and scheme; None where no clock was read.

    Examples
    --------
    >>> speed_table([]) is None
    True
    """
    timed = {row.classifier: row for board in boards for row in board.rows if row.timing}
    rows = list(timed.values())
    if not rows:
        return None
    memory = [row.timing.peak_memory_bytes / 1e6 if row.timing else None for row in rows]
    model = [row.timing.model_bytes / 1e3 if row.timing and row.timing.model_bytes else None for row in rows]
    columns = [
        Column("fit, sentences/s", "fit\nsent./s", _speeds(row.fit_per_second for row in rows)),
        Column("predict all, sentences/s", "predict\nsent./s", _speeds(row.predict_per_second for row in rows)),
        Column(
            "predict by 64, sentences/s",
            "by 64\nsent./s",
            _speeds(row.predict_per_second_by_64 for row in rows),
        ),
    ]
    for percent in (50, 95, 99):
        cells = tuple(_number(row.latency_ms(percent), 2) for row in rows)
        columns.append(Column(f"p{percent} of one sentence, ms", f"p{percent}\nms", cells))
    columns.append(Column("peak memory, MB", "peak\nMB", tuple(_number(one, 0) for one in memory)))
    columns.append(Column("model, kB", "model\nkB", tuple(_number(one, 0) for one in model)))
    return Table(tuple(timed), tuple(columns))


def speed_tables(boards: Iterable[Board]) -> dict[tuple[str, str], Table]:
    """Return one speed table a corpus and scheme, where clocks were read."""
    grouped: dict[tuple[str, str], list[Board]] = {}
    for board in boards:
        grouped.setdefault((board.corpus, board.scheme), []).append(board)
    tables = {place: speed_table(of_place) for place, of_place in grouped.items()}
    return {place: table for place, table in tables.items() if table is not None}


def notes(board: Board) -> list[str]:
    """Return what must be known to read a board: leaks, protocol, interval, numbers, seeds, gaps."""
    several = [f"{visible(row.classifier)} ({row.seeds})" for row in board.rows if row.seeds > 1]
    counts = ", ".join(f"{actor_name(actor)} {board.actor_sentences[actor]:,}" for actor in board.actors)
    few = any(board.actor_sentences[actor] < MIN_ACTOR_SENTENCES for actor in board.actors)
    labels = ", ".join(map(visible, board.labels))
    said = [
        *board.notes,
        *([PROTOCOLS[board.protocol]] if board.protocol in PROTOCOLS else []),
        f"{board.n_sentences:,} test sentences in {board.n_groups:,} groups; labels: {labels}.",
        f"Interval: 95 % bootstrap over groups ({N_RESAMPLES:,} resamples of whole groups).",
        *_tied(board),
        f"Mean over seeds: {', '.join(several)}." if several else "One seed each.",
    ]
    if board.actors:
        said.append(f"F1 per actor: macro-F1 on the test sentences filed under the actor: {counts}.")
    if few:
        said.append(f"{NONE} for an actor: fewer than {MIN_ACTOR_SENTENCES} sentences.")
    for row in board.rows:
        n = round(float(row.confusion.sum()))
        if n != board.n_sentences:
            part = f"{visible(row.classifier)}: scored on {n:,} of {board.n_sentences:,} sentences"
            said.append(f"{part}, as other cells failed; not comparable with the rest.")
    return said


def _tied(board: Board) -> list[str]:
    """Return who may be as good as the first row, for all that the test says."""
    compared = [row for row in board.rows if row.behind]
    if not compared:
        return []
    first = visible(board.rows[0].classifier)
    tied = [visible(row.classifier) for row in compared if row.behind and row.behind.p_value >= ALPHA]
    how = "paired test, whole groups swapped, Holm, p"
    if tied:
        return [f"Not told apart from {first} ({how} ≥ {ALPHA}): {', '.join(tied)}."]
    return [f"All others are told apart from {first} ({how} < {ALPHA})."]


def actor_name(key: str) -> str:
    """Return how tables call an actor.

    Examples
    --------
    >>> actor_name("russia"), actor_name("elsewhere")
    ('Russia', 'elsewhere')
    """
    known = load_actors()
    return known[key].name if key in known else visible(key)


def _score(row: Row, metric: str) -> str:
    return _number(row.scores[metric].value if metric in row.scores else None, 3)


def _interval(row: Row) -> str:
    held = row.scores.get("macro_f1")
    return f"{held.low:.3f}–{held.high:.3f}" if held else NONE


def _speeds(values: Iterable[float | None]) -> tuple[str, ...]:
    return tuple(_number(value, 0 if value is None or value >= 10 else 1) for value in values)


def _number(value: float | None, digits: int) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return NONE
    return f"{value:,.{0 if digits == 2 and value >= 100 else digits}f}"

"""What the benchmarks share: one corpus's sentences, many times over, and a book of what was found.

``STANCE_BENCH_SENTENCES`` takes fewer sentences, judging nothing; ``STANCE_BENCH_CORPUS=newsmtsc`` takes real ones.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from threadpoolctl import threadpool_limits

from stance.core.files import write_bytes, write_text
from stance.data.corpora import X_COLUMNS, load_corpus
from tests.benchmarks.collected import Collected
from tests.benchmarks.interleaved import on_cores, race
from tests.benchmarks.plot import draw_speeds
from tests.benchmarks.rivals import cross_validated

FULL = 300_000
N_SENTENCES = int(os.environ.get("STANCE_BENCH_SENTENCES", FULL))
CORPUS = os.environ.get("STANCE_BENCH_CORPUS", "four_actors")
SCHEMES = {"four_actors": "stance", "newsmtsc": "sentiment"}
FOLDER = Path(__file__).parents[2] / "experiments" / "results" / "bench"
COLLECTED = Collected(N_SENTENCES, CORPUS, judged=N_SENTENCES >= FULL)
SKIPPED = []


@dataclass(frozen=True)
class Material:
    """The sentences that everybody is measured on, and those that everybody learned from.

    Attributes
    ----------
    scheme : str
    train : (pandas.DataFrame, pandas.Series)
        The corpus's own training sentences: X and y.
    groups : pandas.Series
        Which article or event each of them belongs to.
    frame : pandas.DataFrame, shape (n_sentences, n_columns)
        The corpus's sentences drawn with replacement, holder and target marked, with their labels.
    column : pyarrow.Array of large_string
        Their texts.
    listed : list of str
    n_bytes : int
        Of the texts in UTF-8.
    """

    scheme: str
    train: tuple
    groups: pd.Series
    frame: pd.DataFrame
    column: pa.Array
    listed: list
    n_bytes: int

    def macro_f1(self, classifier, marked=False):
        """Return macro-F1 by five folds of the training sentences, given as texts or with holder and target."""
        X, y = self.train
        return cross_validated(classifier, X if marked else X["text"].tolist(), y, self.groups)


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def material():
    corpus = load_corpus(CORPUS, scheme=SCHEMES[CORPUS])
    train = corpus.frame["split"] == "train"
    drawn = corpus.frame.sample(N_SENTENCES, replace=True, random_state=0, ignore_index=True)
    # A line end becomes a blank, so that a text file has a sentence a line and spans stay where they are.
    drawn["text"] = drawn["text"].str.replace("[\r\n]", " ", regex=True)
    listed = drawn["text"].tolist()
    n_bytes = sum(len(text.encode()) for text in listed)
    frame = drawn[[*X_COLUMNS, "label"]]
    groups, column = corpus.frame.loc[train, "group"], pa.array(listed, pa.large_string())
    return Material(SCHEMES[CORPUS], corpus.split("train"), groups, frame, column, listed, n_bytes)


@pytest.fixture(scope="session")
def collected():
    return COLLECTED


@pytest.fixture
def judged_race(benchmark):
    """Return the function `race`, its rounds noted by pytest-benchmark too; both sides on one core unless said."""

    def run(ours, peer, rounds=5, cores=1):
        with on_cores(cores):
            return race(ours, peer, rounds, benchmark)

    return run


def pytest_runtest_logreport(report):
    if report.skipped and isinstance(report.longrepr, tuple):
        SKIPPED.append((report.nodeid.partition("::")[2], report.longrepr[2]))


def pytest_terminal_summary(terminalreporter):
    """Print the table and write ``bench.json`` and ``bench.png``, whatever was missed."""
    if not COLLECTED.figures:
        return
    terminalreporter.section(f"{N_SENTENCES:,} sentences of {CORPUS}")
    for line in COLLECTED.table():
        terminalreporter.write_line(line)
    for name, reason in SKIPPED:
        terminalreporter.write_line(f"not measured: {name}: {reason}")
    if not COLLECTED.judged:
        terminalreporter.write_line(f"fewer than {FULL:,} sentences: nothing was held against its target")
    write_text(FOLDER / "bench.json", COLLECTED.to_json())
    terminalreporter.write_line(f"written: {FOLDER / 'bench.json'}")
    if COLLECTED.speeds:
        title = f"{N_SENTENCES:,} sentences of {CORPUS}, one thread unless said"
        write_bytes(FOLDER / "bench.png", draw_speeds(COLLECTED.speeds, title))
        terminalreporter.write_line(f"written: {FOLDER / 'bench.png'}")

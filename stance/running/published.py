"""Published numbers: what the literature reports on a corpus, to stand beside ours and not among them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from stance.core.paths import shipped
from stance.data.sheets import Metric, Strict, read_model

FILE = "published.toml"
# A source prints percent; 0.673 where 67.3 is meant would be shown as nothing.
Percent = Annotated[float, Field(ge=1, lt=100)]


class PublishedSet(Strict):
    """The numbers of one source on one test by one metric.

    Attributes
    ----------
    corpus, scheme : str
    test : str or None
        The test as our tables call it; None where the source does not say which.
    metric : str
    source, caveat : str
        Where they were read, and what keeps them from being compared.
    values : dict of str to float
        By system, in percent as printed.
    """

    corpus: str
    scheme: Literal["stance", "sentiment", "directed"]
    test: str | None = None
    metric: Metric
    source: str = Field(min_length=1)
    caveat: str = ""
    values: dict[str, Percent] = Field(min_length=1)


class PublishedFile(Strict):
    """The keys of ``published.toml``."""

    sets: list[PublishedSet]

    @model_validator(mode="after")
    def _once(self) -> PublishedFile:
        seen = [(one.corpus, one.scheme, one.test, one.metric, one.source) for one in self.sets]
        for place in seen:
            if seen.count(place) > 1:
                raise ValueError(f"sets: {' · '.join(map(str, place))} stands twice")
        return self


def published_file() -> Path:
    """Return the path of the shipped numbers."""
    return shipped("experiments") / FILE


@cache
def read_published(path: Path | None = None) -> tuple[PublishedSet, ...]:
    """Read and check the published numbers.

    Parameters
    ----------
    path : pathlib.Path, optional
        The shipped ones when left out.

    Raises
    ------
    InputError, MissingDataError
        If the file breaks a rule or is not there.

    Examples
    --------
    >>> {one.values["BERTweet"] for one in read_published() if one.corpus == "tweeteval_stance" and not one.caveat}
    {71.2}
    """
    return tuple(read_model(path or published_file(), PublishedFile).sets)


def find_published(corpus: str, scheme: str, protocol: str, test: str) -> list[PublishedSet]:
    """Return the published numbers on a test; they are all on official splits.

    Examples
    --------
    >>> [one.metric for one in find_published("dse", "directed", "official", "test")]
    ['micro_f1', 'macro_f1']
    >>> find_published("dse", "directed", "official-clean", "test")
    []
    """
    if protocol != "official":
        return []
    here = [one for one in read_published() if (one.corpus, one.scheme) == (corpus, scheme)]
    return [one for one in here if one.test in (None, test)]

"""A stand-in for the fast classifier, and a run of it in a process of its own that may be killed."""

import os
import resource
import sys
import time

import numpy as np
import pyarrow as pa

from stance.__main__ import main
from stance.scoring import batches, bulk, sources


class LengthClassifier:
    """Label a sentence by the bytes of its text, read from Arrow's buffers; by its target's start, where it has one."""

    classes_ = np.array(["against", "favor", "none"], dtype=object)
    scheme = "stance"

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def predict_proba(self, sentences):
        time.sleep(self.seconds)
        text = sentences["text"].combine_chunks()
        text = text.chunk(0) if isinstance(text, pa.ChunkedArray) else text
        assert text.type == pa.string()
        assert text.null_count == 0
        ends = np.frombuffer(text.buffers()[1], np.int32)[text.offset : text.offset + len(text) + 1]
        n = np.diff(ends)
        if "target_start" in sentences.column_names:
            n = n + sentences["target_start"].combine_chunks().fill_null(0).to_numpy()
        probabilities = np.full((len(n), 3), 0.05)
        best = 0.5 + 0.4 * (n % 7) / 7
        probabilities[:, :] = ((1 - best) / 2)[:, None]
        probabilities[np.arange(len(n)), n % 3] = best
        return probabilities


class SentimentByLength(LengthClassifier):
    """The same for sentiment."""

    classes_ = np.array(["negative", "neutral", "positive"], dtype=object)
    scheme = "sentiment"


def run_slowly(arguments, said, seconds, max_bytes=None):
    """Run the command line with small batches and parts, `seconds` for each batch, files of `max_bytes` at most."""
    with said.open("wb") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    batches.BATCH_ROWS, sources.PART_ROWS = 50, 100
    bulk.load_model = lambda path: LengthClassifier(seconds)
    if max_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, max_bytes))
    main(arguments)

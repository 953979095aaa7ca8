"""Floor 5: what is wrong with a corpus, found by itself."""

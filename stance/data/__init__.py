"""Floor 2: strict readers, sheets, corpora, splits."""

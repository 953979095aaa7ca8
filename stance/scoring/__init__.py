"""Floor 8: models at work on files of sentences."""

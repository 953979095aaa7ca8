"""Floor 0: the words of the field, the records, the errors, and where things lie on disk."""

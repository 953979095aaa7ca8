"""Floor 1: actors and their names, mentions, segments."""

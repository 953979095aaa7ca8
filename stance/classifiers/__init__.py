"""Floor 3: the classifiers, their contract and their files."""

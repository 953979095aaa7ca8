"""Floor 6: experiment files, the store of finished cells, isolation, the runner."""

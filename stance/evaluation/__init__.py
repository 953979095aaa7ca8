"""Floor 4: metrics, intervals and clocks."""

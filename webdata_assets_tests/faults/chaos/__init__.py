"""The whole demo as separate processes, of which one after another is killed at random."""

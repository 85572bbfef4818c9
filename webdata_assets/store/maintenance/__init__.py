"""Keeping a store small and quick: compaction, checkpoints, vacuum, leftovers; its size and cost."""

"""The merge of many partitions into the current state."""

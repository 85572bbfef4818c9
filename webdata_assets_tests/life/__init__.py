"""The life of partitions: any order of what can happen to them, against a model."""

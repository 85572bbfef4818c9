"""Fuzzing: parsers under bytes that coverage guides, and `webdata serve` under requests of its schema."""

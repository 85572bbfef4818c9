"""Columns of features, as the groups of features fill them.

What belongs here: collecting columns into a table. What does not: what is in them (features.py).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class Columns:
    """Named columns, collected in order."""

    def __init__(self, height: int) -> None:
        self.height = height
        self.names: list[str] = []
        self._values: list[NDArray[np.generic]] = []

    def add(self, name: str, values: NDArray[np.generic] | float) -> None:
        """Add one column; a number stands for itself in every row."""
        self.names.append(name)
        filled = np.full(self.height, values) if isinstance(values, int | float) else values
        self._values.append(filled)

    def add_table(self, names: list[str], values: NDArray[np.generic]) -> None:
        """Add the columns of a table of shape (height, len(names))."""
        self.names.extend(names)
        self._values.extend(values.T)

    def matrix(self) -> Floats:
        """Return all columns as float32 of shape (height, columns)."""
        # written row by row of the transpose, which is several times faster than column by column
        table = np.empty((len(self.names), self.height), dtype=np.float32)
        for row, values in zip(table, self._values, strict=True):
            row[:] = values
        return np.ascontiguousarray(table.T)

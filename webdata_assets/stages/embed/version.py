"""What made a partition's embeddings, as one line in the ledger: the model, the chunker, and our own code.

What belongs here: writing and reading that line. What does not: the id of a model itself (encoders/).
"""

import polars as pl

CODE_VERSION = "2"
"""Of what is in this room; raised when the same records and the same model give other chunks."""


def embedding_version(model_id: str, chunker: str) -> str:
    """Return the code version of embeddings. Rows of two versions are never made from each other."""
    return f"{model_id} {chunker}/{CODE_VERSION}"


def model_of(version: pl.Expr) -> pl.Expr:
    """Return the model id in a column of code versions; null where there is none."""
    return version.str.replace(r" [^ ]*$", "")


def token_limit(model_id: str) -> int | None:
    """Return how many tokens of a text the model reads: the last part of its id; None if it is no number."""
    last = model_id.rpartition("/")[2]
    return int(last) if last.isdecimal() else None

"""The model's registry: one row per trained version."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class Model(dy.Schema):
    """One trained version: what it was trained on, how it did, and what became of it."""

    version = dy.String(nullable=False, regex=r"^[0-9a-f]{16}$")
    """First 64 bits of the artefact's BLAKE3: the same training set gives the same version."""
    alias = dy.String(
        nullable=False, check=lambda column: column.is_in(["champion", "challenger", "retired"])
    )
    metric = dy.String(nullable=False)
    score = dy.Float64(nullable=False, min=0, max=1)
    """On the test split of its own training set."""
    champion_score = dy.Float64(nullable=True, min=0, max=1)
    """The previous champion's, on the same rows; null for the first model."""
    baseline_score = dy.Float64(nullable=False, min=0, max=1)
    """Of always answering the most frequent label."""
    train_rows = dy.Int64(nullable=False, min=1)
    test_rows = dy.Int64(nullable=False, min=0)
    classes = dy.Int32(nullable=False, min=1)
    training_fingerprint = columns.blake3_hash()
    """The training set's data version."""
    admitted_fingerprint = columns.blake3_hash()
    """Hash of the admitted partitions, with their data versions, that the training set was built from."""
    admitted_partitions = dy.Int32(nullable=False, min=0)
    artefact = dy.String(nullable=False)
    """Where the weights lie, relative to the store."""
    artefact_hash = columns.blake3_hash()
    trained_at = columns.moment()


MODEL = Table(
    name="model",
    schema=Model,
    description="Every trained version of the classifier with its evaluation; one of them is champion.",
    key=("version",),
    partitioned=False,
    blocking_checks=("schema", "unique_keys", "one_champion", "score_floor", "artefact_hash"),
    unhashed=frozenset({"trained_at"}),
)

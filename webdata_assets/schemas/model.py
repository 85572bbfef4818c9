"""The model's registry: one row per trained version."""

import dataframely as dy

from webdata_assets.schemas import columns
from webdata_assets.schemas.table import Table


class Model(dy.Schema):
    """One trained version: what it was trained on, how it did, and whether it may be used.

    Which one is champion says the newest row of `release`.
    """

    version = dy.String(nullable=False, regex=r"^[0-9a-f]{16}$")
    """First 64 bits of the artefact's BLAKE3: the same training set gives the same version."""
    task = dy.String(nullable=False)
    parent = dy.String(nullable=True)
    """The champion that it was compared with; null for the first model."""
    metric = dy.String(nullable=False)
    score = dy.Float64(nullable=False, min=0, max=1)
    """On the test split of its own training set."""
    score_low = dy.Float64(nullable=False, min=0, max=1)
    """The 95 % interval of the score, by bootstrap over groups."""
    score_high = dy.Float64(nullable=False, min=0, max=1)
    baseline_score = dy.Float64(nullable=False, min=0, max=1)
    """Of always answering the most frequent label."""
    floor = dy.Float64(nullable=False, min=0, max=1)
    champion_score = dy.Float64(nullable=True, min=0, max=1)
    """The champion's on the same rows; null where there was none that reads them."""
    difference = dy.Float64(nullable=True, min=-1, max=1)
    """Score − champion's."""
    difference_low = dy.Float64(nullable=True, min=-1, max=1)
    """Lower end of its 95 % interval, by paired bootstrap over groups."""
    promotable = dy.Bool(nullable=False)
    reason = dy.String(nullable=False)
    """Why it is promotable or not, in our own words."""
    evaluation = dy.String(nullable=False)
    """Slices, confusion and calibration as one JSON object."""
    train_rows = dy.Int64(nullable=False, min=1)
    test_rows = dy.Int64(nullable=False, min=0)
    test_groups = dy.Int64(nullable=False, min=0)
    classes = dy.Int32(nullable=False, min=1)
    encoder = dy.String(nullable=False)
    """Model of the vectors that it was trained on."""
    training_fingerprint = columns.blake3_hash()
    """Content hash of the rows it was trained on."""
    evaluation_fingerprint = columns.blake3_hash()
    """Content hash of the rows it was judged on."""
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
    description="Every trained version of the model with its evaluation, and whether it may be used.",
    key=("version",),
    partitioned=False,
    blocking_checks=(
        "schema",
        "unique_keys",
        "score_floor",
        "artefact_hash",
        "no_worse",
        "no_slice_worse",
        "reproducible",
    ),
    unhashed=frozenset({"trained_at"}),
)

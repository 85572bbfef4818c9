"""The layers that are measured: what of each, and up to which size.

What belongs here: names and limits, light enough for the process that starts the others. What does not: how a
layer is prepared and run (layers/).
"""

from dataclasses import dataclass

SMALLEST = 1_000
ANCHOR = 100
"""A size at which little but what is fixed is seen."""
STEP = 10**0.5


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: of its function in `layers/`, and on the command line.
        unit: what there are n of.
        about: what is measured.
        most: the largest size; what is larger costs hours, and says nothing new.
        times: how many n there are to a page of `--pages`.
    """

    name: str
    unit: str
    about: str
    most: int = 10_000_000
    times: int = 1


LAYERS = (
    Layer("frontier", "URLs", "asset and checks on a second day, every URL a revisit"),
    Layer("pages", "URLs", "crawl of a frontier, each page small and new: asset, checks, dead letters"),
    Layer("recrawl", "URLs", "the same on a second day, 98 of 100 unchanged"),
    Layer("listing", "URLs", "crawl of a chain of list pages of 20, a level of the walk each"),
    Layer("records", "pages", "extraction and cleaning of real pages: assets and checks", most=10_000),
    Layer("records_checks", "records", "the IO manager's write of records, and their checks"),
    Layer("changes", "records", "asset and checks on a second day, 2 of 100 changed"),
    Layer("fingerprints", "records", "asset and checks"),
    Layer("features", "records", "asset and checks"),
    Layer("embeddings", "records", "asset and checks, cache of vectors; the encoder is a stand-in"),
    Layer("history", "versions", "frontier and changes of a date after dates of the same 1,000 pages"),
    Layer("near_duplicates", "records", "a first comparison, partitions of 1,000: assets and checks"),
    Layer("second_day", "records", "the same after one more day with 2 of 100 changed"),
    Layer("corpus", "records", "asset and checks, partitions of 1,000"),
    Layer("vector_index", "chunks", "a first build: asset and checks"),
    Layer("training_set", "records", "asset and checks"),
    Layer("model", "records", "training, evaluation and checks", most=31_623),
    Layer("delivery", "records", "a first delivery to Delta and Parquet: asset and checks"),
    Layer("tables", "rows", "write, read, scan and content hash of one partition of records", times=10),
    Layer("partitions", "partitions", "one more partition entered, written, judged and read beside so many",
          most=10_000),
)  # fmt: skip


def sizes_of(layer: Layer, pages: int) -> list[int]:
    """Return the sizes at which a layer is measured: the anchor, and geometric steps up to the largest."""
    largest = min(layer.most, pages * layer.times)
    sizes, step = [ANCHOR], 0
    while (size := round(SMALLEST * STEP**step)) < largest * 0.99:
        sizes.append(size)
        step += 1
    return [*sizes, largest]

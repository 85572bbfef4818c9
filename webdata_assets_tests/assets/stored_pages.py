"""A partition of pages that lies in a store already, and a run of the layers after it.

What belongs here: setting up and running. What does not: pages, and assertions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import polars as pl
from blake3 import blake3

from webdata_assets.cli.instance import Outcome
from webdata_assets.partitions import Partition
from webdata_assets.schemas.pages import PAGES
from webdata_assets.stages.parts import Parts
from webdata_assets.store import Store
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.io_managers.graph import SILENT
from webdata_assets_tests.store.rows import DAY, SHOP, admit, put, row

FETCHED = ("frontier", "pages", "dead_letters")
EXTRACTED = ("records", "quarantine")
LAYERS = (*EXTRACTED, "changes", "features")
_PAGES_AT_ONCE = 200


@dataclass(frozen=True)
class MadePages:
    """Pages made when they are asked for; `bodies` gives the same ones every time, by URL."""

    number: int

    def body(self, number: int) -> bytes:
        """Return the bytes of a page."""
        raise NotImplementedError

    @property
    def height(self) -> int:
        return self.number

    @property
    def bytes_per_row(self) -> int:
        return 30_000

    def frames(self, *, without: tuple[str, ...] = ()) -> Iterator[pl.DataFrame]:
        for start in range(0, self.number, _PAGES_AT_ONCE):
            rows = [page_row(n, self.body(n)) for n in range(start, min(start + _PAGES_AT_ONCE, self.number))]
            yield pl.DataFrame(rows, schema=PAGES.polars_schema).drop(without, strict=False)


def page_row(number: int, body: bytes) -> dict[str, object]:
    """Return a row of pages; URLs sort as their numbers do."""
    facts = {"payload": body, "payload_bytes": len(body), "payload_hash": blake3(body).hexdigest()}
    return row("pages", url=f"https://shop.example.com/{number:07d}", **facts)


def store_pages(store: Store, pages: pl.DataFrame | Parts) -> None:
    """Write pages of the shop as its one admitted partition."""
    put(store, "pages", pages)
    admit(store, "pages")


def declare_shop(deployment: Deployment, extract: dict[str, object], **sections: object) -> None:
    """Write the shop's source file."""
    deployment.write_source(
        {
            "name": SHOP.source,
            "description": "Pages that are stored already",
            "start": DAY.isoformat(),
            "allow_private": True,
            "fetch": {"discover": [{"by": "urls", "start": ["https://shop.example.com/"]}]},
            "extract": extract,
            **sections,
        }
    )


def run_layers(
    deployment: Deployment,
    partition: Partition = SHOP,
    layers: Sequence[str] = LAYERS,
    *,
    tags: Mapping[str, str] | None = None,
) -> Outcome:
    """Make some layers of a partition, with all their checks, in this process."""
    job = deployment.definitions().resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=deployment.instance,
        partition_key=partition.key,
        asset_selection=[dg.AssetKey(name) for name in layers],
        run_config=SILENT,
        tags=dict(tags or {}),
        raise_on_error=False,
    )
    failed = [
        f"{each.asset_key.to_user_string()}.{each.check_name}"
        for each in result.get_asset_check_evaluations()
        if not each.passed
    ]
    return Outcome(result.run_id, result.success, tuple(failed), None, None)


def local_deployment(folder: Path, instance: dg.DagsterInstance) -> Deployment:
    """Return a deployment that needs no site and no encoder."""
    (folder / "home").mkdir(parents=True)
    return Deployment(folder, instance, {})

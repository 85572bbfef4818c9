"""The processes that read pages, as a Dagster resource."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

from webdata_assets.settings import Settings

if TYPE_CHECKING:
    from webdata_assets.stages.extract.workers.pool import ExtractionPool


class ExtractorResource(dg.ConfigurableResource["ExtractorResource"]):
    """Keep the pool of worker processes for the life of a run."""

    workers: int
    page_seconds: float
    memory_mb: int
    _pool: "ExtractionPool | None" = PrivateAttr(default=None)

    @classmethod
    def of(cls, settings: Settings) -> "ExtractorResource":
        """Return the processes that the settings describe."""
        return cls(
            workers=settings.extract_workers,
            page_seconds=settings.extract_page_seconds,
            memory_mb=settings.extract_memory_mb,
        )

    def pool(self) -> "ExtractionPool":
        """Return the pool, one for the whole run; processes start when there are pages for them."""
        if self._pool is None:
            from webdata_assets.stages.extract.workers.limits import Limits
            from webdata_assets.stages.extract.workers.pool import ExtractionPool

            self._pool = ExtractionPool(self.workers, Limits(self.page_seconds, self.memory_mb))
        return self._pool

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """End the processes."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

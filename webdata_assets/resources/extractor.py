"""The processes that read pages, as a Dagster resource."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

from webdata_assets.resources.engine import open_engine
from webdata_assets.settings import Settings

if TYPE_CHECKING:
    from webdata_assets.stages.engine.engine import Engine
    from webdata_assets.stages.extract.workers.pool import ExtractionPool


class ExtractorResource(dg.ConfigurableResource["ExtractorResource"]):
    """Keep the pool of worker processes for the life of a run, or the connection to machines with such."""

    workers: int
    page_seconds: float
    memory_mb: int
    engine: str = "local"
    """`local`, or a Dask scheduler's address: there each thread of a worker has a process of its own."""
    kept: bool = False
    """Whether local processes stay for this process's next run: starting one costs more than many runs ask of
    it."""
    _engine: "Engine | None" = PrivateAttr(default=None)
    _pool: "ExtractionPool | None" = PrivateAttr(default=None)

    @classmethod
    def of(cls, settings: Settings, *, kept: bool = False) -> "ExtractorResource":
        """Return the processes that the settings describe."""
        return cls(
            workers=settings.extract_workers,
            page_seconds=settings.extract_page_seconds,
            memory_mb=settings.extract_memory_mb,
            engine=settings.engine,
            kept=kept,
        )

    def pool(self) -> "ExtractionPool":
        """Return the pool, one for the whole run; processes start when there are pages for them."""
        if self._pool is None:
            from webdata_assets.stages.extract.workers.limits import Limits
            from webdata_assets.stages.extract.workers.pool import ExtractionPool

            self._engine = open_engine(self.engine)
            limits = Limits(self.page_seconds, self.memory_mb)
            self._pool = ExtractionPool(self.workers, limits, self._engine, kept=self.kept)
        return self._pool

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """End the processes."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None
        if self._engine is not None:
            self._engine.close()
            self._engine = None

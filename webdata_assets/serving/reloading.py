"""The pair that is served, and its renewal: a promotion is seen, opened aside, and swapped in whole.

What belongs here: when to look, and what to do when a release cannot be opened. What does not: opening
(pair.py), and answering (app.py).
"""

import asyncio
import logging
import math
import re
import time

from webdata_assets.errors import NotAdmittedError, WebdataError
from webdata_assets.schemas.release import RELEASE
from webdata_assets.serving.metrics import Metrics
from webdata_assets.serving.pair import Pair, deployed_encoder, open_pair
from webdata_assets.settings import Settings
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.store import Store
from webdata_assets.store.releases import Release, current_release

FIRST_GAP_SECONDS = 2.0
LONGEST_GAP_SECONDS = 60.0
"""Between tries to open one and the same release; each gap is twice the one before."""

_PLACE = re.compile(r"(?<![\w.`])(?:[a-z][a-z0-9+.-]*:/)?/(?:[^\s:;,'\")/]*[/:@])*([^\s:;,'\")/]+)")
"""A path, or an address of an object store or database, and its last part."""

_log = logging.getLogger(__name__)


class Reloader:
    """Holds the pair in use.

    A request takes `pair` once and keeps it to its end. It is replaced by one assignment, and only by a pair
    that was opened whole.

    Attributes:
        pair: what to answer from; None until there is a release that can be opened.
        problem: why the newest release is not in use; None where it is.
    """

    def __init__(self, store: Store, settings: Settings, metrics: Metrics) -> None:
        self.pair: Pair | None = None
        self.problem: str | None = "The server has only just started"
        self._store = store
        self._settings = settings
        self._metrics = metrics
        self._encoder: TextEncoder | None = None
        self._seen: tuple[int | None, int | None] | None = None
        self._broken: Release | None = None
        self._gap = FIRST_GAP_SECONDS
        self._retry_at = math.inf

    async def watch(self) -> None:
        """Look for new releases until cancelled. Nothing that is wrong with one ends the watching."""
        while True:
            await self.renew()
            await asyncio.sleep(self._settings.serve_poll_seconds)

    async def renew(self) -> None:
        """Take over the current release where it is another than the one in use. One call at a time."""
        opening = asyncio.ensure_future(asyncio.to_thread(self._open_newer))
        # not awaited itself: whatever it raises is told and counted, and the pair in use stays in use
        await asyncio.wait({opening})
        error = opening.exception()
        if error is not None:
            self._tell(error)
        elif (pair := opening.result()) is not None:
            self._take(pair)

    def _open_newer(self) -> Pair | None:
        due = time.monotonic() >= self._retry_at
        # a release counts from its verdicts on, which are entered into the ledger after its row was written
        versions = (self._store.tables.version(RELEASE), self._store.ledger.version())
        if versions == self._seen and not due:
            return None
        release = current_release(self._store)
        self._seen = versions
        if self.pair is not None and release == self.pair.release:
            self._settle()
            return None
        if release == self._broken and not due:
            return None
        if release != self._broken:
            self._gap = FIRST_GAP_SECONDS
        self._broken = release  # until it is open
        self._encoder = self._encoder or deployed_encoder(self._settings)
        return open_pair(self._store, self._settings, release, self._encoder)

    def _take(self, pair: Pair) -> None:
        self.pair = pair
        self._settle()
        release, metrics = pair.release, self._metrics
        metrics.reloads.inc()
        metrics.release.set(release.release)
        metrics.chunks.set(release.chunks)
        metrics.served.info(
            {
                "index_snapshot": release.index_snapshot,
                "model_version": release.model_version or "",
                "encoder": pair.encoder.model_id,
            }
        )
        _log.info("release %d is in use: %d chunks", release.release, release.chunks)

    def _settle(self) -> None:
        self.problem, self._broken, self._retry_at = None, None, math.inf

    def _tell(self, error: BaseException) -> None:
        # whoever may ask is told of it; where things lie on this machine stands in the log alone
        typed = isinstance(error, WebdataError)
        self.problem = _PLACE.sub(r"…/\1", str(error)) if typed else type(error).__name__
        if isinstance(error, NotAdmittedError):
            return  # nothing is wrong: the ledger will tell of the first release
        self._metrics.failed_reloads.inc()
        self._retry_at = time.monotonic() + self._gap
        trace = None if isinstance(error, WebdataError) else error
        _log.error("cannot open the newest release, next try in %.0f s: %s", self._gap, error, exc_info=trace)
        self._gap = min(2 * self._gap, LONGEST_GAP_SECONDS)

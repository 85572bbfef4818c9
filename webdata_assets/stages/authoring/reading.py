"""Pages read in confined workers while a site is looked at.

What belongs here: handing pages to the pool and taking what it saw. What does not: what is seen (looking.py),
and what follows from it.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from blake3 import blake3

from webdata_assets.sources.model import Source
from webdata_assets.stages.authoring.looking import FIELD
from webdata_assets.stages.authoring.visiting import Came
from webdata_assets.stages.extract.extraction import Payload, joined
from webdata_assets.stages.extract.workers.pool import ExtractionPool

_ENOUGH_TEXT = 400
"""Characters of a page's content that are worth reading as it comes."""


@dataclass(frozen=True)
class Seen:
    """A page that was read.

    Attributes:
        came: the page as it came.
        payload: the same for extraction.
        look: see looking.py.
        values: what the page says by itself: title, author, text…
        page_type: as the model of main content judges it; None where it has no text.
        link_share: of its main content's text that stands in links; 0 where it has none.
    """

    came: Came
    payload: Payload = field(repr=False)
    look: Mapping[str, Any] = field(repr=False)
    values: Mapping[str, object] = field(repr=False)
    page_type: str | None = None
    link_share: float = 0.0

    @property
    def is_json(self) -> bool:
        """Whether the page is JSON."""
        return bool(self.look["format"] == "json")

    @property
    def needs_javascript(self) -> str | None:
        """Why the page cannot be read without JavaScript; None where it can."""
        scripting = self.look.get("scripting")
        # some sites say all in their JSON-LD, or where scripts are off
        if scripting is None or len(str(self.values.get("text", ""))) >= _ENOUGH_TEXT:
            return None
        return str(scripting["needed"]) if scripting["needed"] else None


@dataclass(frozen=True)
class Reader:
    """Reads pages in confined processes.

    Attributes:
        pool: the processes.
        source: under which a site is looked at.
        date: of today.
    """

    pool: ExtractionPool
    source: Source
    date: dt.date

    def read(self, pages: Iterable[Came]) -> tuple[list[Seen], list[str]]:
        """Return the pages that could be read, and of the others why they could not.

        Raises:
            TransientError: RESOURCE, when no worker starts.
        """
        came = {page.url: page for page in pages}
        payloads = {url: payload_of(page, self.date) for url, page in came.items()}
        extraction = joined(self.pool.extract(self.source, payloads.values()))
        seen = []
        for candidate in extraction.candidates:
            values = {name: value for name, value in candidate.values.items() if name != FIELD}
            look = orjson.loads(str(candidate.values[FIELD]))
            page_type = candidate.derived.get("page_type")
            url = candidate.url
            kind = str(page_type) if page_type else None
            link_share = float(str(candidate.derived.get("link_share") or 0.0))
            seen.append(Seen(came[url], payloads[url], look, values, kind, link_share))
        return seen, [f"{failure.url}: {failure.reason}" for failure in extraction.failures]


def payload_of(came: Came, date: dt.date) -> Payload:
    """Return a page as extraction takes it."""
    page = came.page
    digest = blake3(page.body).hexdigest()
    return Payload(came.url, page.url, page.content_type, page.body, digest, date)

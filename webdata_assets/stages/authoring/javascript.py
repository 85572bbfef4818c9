"""Whether a page has its content as it comes, or needs JavaScript for it.

What belongs here: the signs, from the page as the server sends it. What does not: running it (crawl/browser).
"""

from dataclasses import asdict, dataclass
from typing import Any

from webdata_assets.errors import PermanentError
from webdata_assets.stages.crawl.barriers.barriers import find_barrier
from webdata_assets.stages.crawl.barriers.signs import NEEDS_JAVASCRIPT
from webdata_assets.stages.crawl.barriers.view import look_at
from webdata_assets.stages.crawl.discovery import Page

_FEW_WORDS = 40
_STATE_SCRIPTS = "script#__NEXT_DATA__, script#__NUXT_DATA__, script[type='application/json'][id]"


@dataclass(frozen=True)
class Scripting:
    """What a page is without JavaScript.

    Attributes:
        words: that a reader sees.
        text_share: characters that a reader sees, as a share of the page's bytes.
        scripts: how many it has.
        asks: whether its `<noscript>` asks for JavaScript.
        has_empty_root: whether an element that applications draw in stands empty.
        state: the id of a script that holds the application's data as JSON; None without one.
        needed: why the page cannot be read without JavaScript; None where it can.
    """

    words: int
    text_share: float
    scripts: int
    asks: bool
    has_empty_root: bool
    state: str | None
    needed: str | None

    def as_json(self) -> dict[str, Any]:
        """Return it for the way out of the worker."""
        return asdict(self)


def scripting_of(page: Page) -> Scripting | None:
    """Return what an HTML page is without JavaScript; None where it nests too deep to be looked at."""
    try:
        view = look_at(page)
        shell = find_barrier(page, requested_url=page.url, status=200)
    except PermanentError:
        return None
    asks = NEEDS_JAVASCRIPT.search(view.noscript) is not None
    needed = None
    if shell is not None and shell.kind == "empty":
        needed = shell.reason
    elif view.scripts and view.words < _FEW_WORDS and not view.is_typed and (view.has_mount or asks):
        root = "an empty element to draw in" if view.has_mount else "a request to turn JavaScript on"
        needed = f"{view.words} words without JavaScript, and {root}"
    return Scripting(
        words=view.words,
        text_share=round(len(view.text) / max(1, len(page.body)), 3),
        scripts=view.scripts,
        asks=asks,
        has_empty_root=view.has_mount,
        state=_state_of(page),
        needed=needed,
    )


def _state_of(page: Page) -> str | None:
    from webdata_assets.stages.crawl.discovery.html import parse_html

    node = parse_html(page)[0].css_first(_STATE_SCRIPTS)
    return None if node is None else node.attributes.get("id")

"""One page, looked at in a confined worker: everything that a proposal is made of, as JSON.

What belongs here: the function that the workers run as a source's `extract.python`, and what it gives. What
does not: looking at several pages (survey.py).
"""

import datetime as dt
from typing import Any

import orjson

from webdata_assets.sources.model import Source
from webdata_assets.stages.authoring.block_fields import fields_of, own_links
from webdata_assets.stages.authoring.blocks import repeated_blocks
from webdata_assets.stages.authoring.javascript import scripting_of
from webdata_assets.stages.authoring.json_shape import shape_of
from webdata_assets.stages.authoring.properties import properties_on, types_on
from webdata_assets.stages.crawl.discovery import Page
from webdata_assets.stages.crawl.discovery.found import resolve_link
from webdata_assets.stages.crawl.discovery.pagination import find_next
from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.products import states_product

FIELD = "look"
_FEEDS = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_MOST_FEEDS = 5
_PLAIN_KINDS = ("item", "article", "product")


def looking_at(url: str, hosts: tuple[str, ...], *, allow_private: bool, rate: float, via: str) -> Source:
    """Return the source under which a site is looked at: its pages are read by `look`.

    Args:
        url: where the look begins.
        hosts: in scope.
        allow_private: whether loopback and private addresses may be reached.
        rate: requests per second.
        via: `http` or `browser`.
    """
    return Source.model_validate(
        {
            "name": "looking",
            "description": "A first look at a site",
            "start": dt.date(2000, 1, 1),
            "allow_private": allow_private,
            "fetch": {
                "via": via,
                "discover": [
                    {"by": "urls", "start": [url]},
                    # whose pages come with their headers
                    {"by": "api", "start": [url], "link_header": True},
                ],
                "hosts": hosts,
                "requests_per_second": rate,
                "concurrency": 1,
                "timeout_seconds": 10,
                "max_attempts": 2,
                "max_body_bytes": 5_000_000,
                "max_retry_after_seconds": 5,
                "breaker": {"max_wait_seconds": 5},
            },
            "extract": {
                "kind": "article",
                "python": f"{__name__}:look",
                "fields": {FIELD: {"type": "text"}},
            },
        }
    )


def look(document: Document, payload: Payload) -> dict[str, object]:
    """Return what a page shows, as a record with the one field `look`: JSON."""
    if document.tree is None:
        seen: dict[str, Any] = {"format": "json", "json": shape_of(document.data)}
    else:
        seen = {"format": "html", **_look_at_html(document, payload)}
    return {FIELD: orjson.dumps(seen, default=str, option=orjson.OPT_NON_STR_KEYS).decode()}


def _look_at_html(document: Document, payload: Payload) -> dict[str, Any]:
    tree = document.tree
    assert tree is not None
    page = Page(payload.final_url, payload.body, payload.content_type)
    scripting = scripting_of(page)
    return {
        "types": types_on(document),
        "states_product": states_product(document),
        "properties": {kind: properties_on(document, kind) for kind in _PLAIN_KINDS},
        "feeds": _feeds(document),
        "next": find_next(tree, document.base_url, payload.final_url),
        "scripting": scripting.as_json() if scripting else None,
        "lists": [
            {
                "selector": blocks.selector,
                "count": len(blocks.nodes),
                "share": round(blocks.share, 3),
                "own_links": own_links(blocks, document),
                "fields": fields_of(blocks, document),
            }
            for blocks in repeated_blocks(tree)
        ],
    }


def _feeds(document: Document) -> list[str]:
    """Return the feeds that the head announces, canonical."""
    assert document.tree is not None
    found = []
    for node in document.tree.css("link[rel][href]"):
        kind = (node.attributes.get("type") or "").partition(";")[0].strip().lower()
        if kind in _FEEDS and "alternate" in (node.attributes.get("rel") or "").lower().split():
            url = resolve_link(node.attributes.get("href") or "", document.base_url)
            if url is not None and "comments" not in url:
                found.append(url)
    return list(dict.fromkeys(found))[:_MOST_FEEDS]

"""What must hold of URLs that any way of discovery finds on a page."""

from collections.abc import Sequence

from webdata_assets.stages.crawl.discovery.found import Found
from webdata_assets.stages.crawl.urls import MAX_URL_CHARACTERS, canonical_url, host_of, origin_of

URL = "http://a.test/folder/page?x=1"
"""Of the page."""


def check_found(found: Sequence[Found], size: int) -> None:
    """Assert that URLs are canonical, and no more of them than a page of so many bytes can name."""
    assert len(found) <= size, "more URLs than bytes: something was expanded"
    for item in found:
        assert canonical_url(item.url) == item.url, f"{item.url!r} is not canonical"
        assert item.url.startswith(("http://", "https://")), f"{item.url!r} is no http URL"
        assert len(item.url) <= MAX_URL_CHARACTERS
        assert item.url.startswith(origin_of(item.url)), "an origin that is not the URL's"
        assert host_of(item.url), f"{item.url!r} has no host"
        assert item.last_modified is None or item.last_modified.tzinfo is not None
        item.url.encode()

"""Payload → URLs: one file per way in which pages name other pages, and `discover` over them."""

from webdata_assets.stages.crawl.discovery.discover import discover, keep_recent, needs_headers
from webdata_assets.stages.crawl.discovery.found import Found, Page

__all__ = ["Found", "Page", "discover", "keep_recent", "needs_headers"]

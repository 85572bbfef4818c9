"""What articles and documents are taken to say where the source declares no rule: title, author, date…

What belongs here: the list of such fields and their finders. What does not: how one is found (metadata/,
published.py), the main content (main_content/), shops (products/).
"""

from collections.abc import Callable

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.metadata.author import find_author
from webdata_assets.stages.extract.metadata.breadcrumbs import find_breadcrumbs
from webdata_assets.stages.extract.metadata.description import find_description
from webdata_assets.stages.extract.metadata.image import find_image_url
from webdata_assets.stages.extract.metadata.language import find_language
from webdata_assets.stages.extract.metadata.site import find_canonical_url, find_site_name
from webdata_assets.stages.extract.metadata.title import find_title
from webdata_assets.stages.extract.published import find_modified_at, find_published_at

__all__ = [
    "ARTICLE_DEFAULTS",
    "PAGE_DEFAULTS",
    "find_author",
    "find_breadcrumbs",
    "find_canonical_url",
    "find_description",
    "find_image_url",
    "find_language",
    "find_site_name",
    "find_title",
]

Finder = Callable[[Document, PageContext], Found | None]


PAGE_DEFAULTS: dict[str, Finder] = {
    "language": find_language,
    "description": find_description,
    "site_name": find_site_name,
    "canonical_url": find_canonical_url,
    "breadcrumbs": find_breadcrumbs,
    "modified_at": find_modified_at,
}
"""Fields that any whole page has, of whatever kind, and that a source need not declare."""

ARTICLE_DEFAULTS: dict[str, Finder] = {
    "title": find_title,
    "author": find_author,
    "published_at": find_published_at,
    "image_url": find_image_url,
    **PAGE_DEFAULTS,
}
"""Fields of articles and documents that a source need not declare."""

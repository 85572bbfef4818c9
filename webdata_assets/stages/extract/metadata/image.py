"""The picture that stands for a page."""

from collections.abc import Iterator
from typing import Any

from webdata_assets.stages.extract.document import Document
from webdata_assets.stages.extract.found import Found, PageContext
from webdata_assets.stages.extract.metadata.lines import flat
from webdata_assets.stages.extract.values import ConversionError, as_url


def find_image_url(document: Document, context: PageContext) -> Found | None:
    """Return the absolute URL of og:image, the picture a page is shared with, else of one it describes."""
    for label, raw in _stated(document, context):
        try:
            return Found(as_url(raw, document.base_url), label)
        except ConversionError:
            continue  # such as a data: URL in place of a lazily loaded picture
    return None


def _stated(document: Document, context: PageContext) -> Iterator[tuple[str, Any]]:
    structured = document.structured
    described = structured.main_object(context.kind) or {}
    yield "meta:og:image", structured.meta_value("og:image", "og:image:url", "og:image:secure_url")
    for image in flat(described.get("image")):
        if image:
            yield "jsonld:image", image
    yield "meta:twitter:image", structured.meta_value("twitter:image", "twitter:image:src")
    yield "css:link[rel=image_src]", structured.links.get("image_src")
    yield "jsonld:thumbnailUrl", described.get("thumbnailUrl")

"""Images in metadata: SVG in Markdown, as the UI shows it.

What belongs here: wrapping an image that was drawn from numbers only. What does not: drawing (stages/), and
text of pages, which never comes into Markdown.
"""

import base64

import dagster as dg


def svg_metadata(image: bytes, words: str) -> dg.MarkdownMetadataValue:
    """Return an SVG image as metadata.

    Args:
        image: drawn from numbers.
        words: our own, shown where images are not.
    """
    encoded = base64.b64encode(image).decode("ascii")
    return dg.MetadataValue.md(f"![{words}](data:image/svg+xml;base64,{encoded})")

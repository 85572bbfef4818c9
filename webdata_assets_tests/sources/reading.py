"""A good source file to break, and the message that a broken one gives."""

from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, SourceFileError
from webdata_assets.sources.registry import load_sources

GOOD = """\
name: good
description: A test
start: 2026-06-01
fetch:
  discover:
    - by: listing
      start: [https://example.com/]
      items: a.item
extract:
  kind: product
  fields:
    title: h1
    price:
      type: decimal
      css: .price
expect:
  completeness:
    price: 0.9
"""


def message_of(folder: Path, content: bytes) -> str:
    """Return the error of a folder whose only file holds the content."""
    (folder / "bad.yaml").write_bytes(content)
    with pytest.raises(SourceFileError) as caught:
        load_sources(folder)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    return str(caught.value)

"""Small makers of sources, payloads and documents for the tests of extract, clean and featurize."""

import datetime as dt
import json
from pathlib import Path

import pytest
from blake3 import blake3

from webdata_assets.sources.model import Source
from webdata_assets.stages.extract.document import Document, parse_document
from webdata_assets.stages.extract.extractor import Payload

DATE = dt.date(2026, 6, 1)
URL = "http://shop.test/things/1"
DATA = Path(__file__).parents[2] / "../shared/data"


def make_source(extract: dict[str, object], **expect: object) -> Source:
    return Source.model_validate(
        {
            "name": "shop",
            "description": "A source for tests",
            "start": "2026-01-01",
            "fetch": {"discover": [{"by": "urls", "start": ["http://shop.test/"]}]},
            "extract": extract,
            "expect": {"required": [], "completeness": {}, **expect},
        }
    )


def make_payload(body: str | bytes, url: str = URL, content_type: str | None = "text/html") -> Payload:
    data = body if isinstance(body, bytes) else body.encode()
    return Payload(url, url, content_type, data, blake3(data).hexdigest(), DATE)


def make_json_payload(data: object, url: str = "http://api.test/items") -> Payload:
    return make_payload(json.dumps(data), url, "application/json")


def make_document(body: str | bytes, url: str = URL) -> Document:
    return parse_document(url, body if isinstance(body, bytes) else body.encode(), "text/html", "html")


def jsonld(*objects: object) -> str:
    """Return script elements with these objects, as a page's head holds them."""
    return "".join(f'<script type="application/ld+json">{json.dumps(entry)}</script>' for entry in objects)


def data_folder(name: str) -> Path:
    """Return a folder of real pages, or skip the test where it is absent."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: real pages are not part of the repository")
    return folder

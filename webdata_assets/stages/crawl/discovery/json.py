"""JSON as the crawl reads it: none that takes many times its own size in memory.

What belongs here: what api.py, feed.py and the services' answers share. What does not: what an answer means,
and the JSON that pages hold (stages/extract).
"""

from collections.abc import Iterator
from typing import Any, Final

from webdata_assets.stages.crawl.discovery.density import check_density
from webdata_assets.stages.exact_json import load_exact

_COSTS: Final = {b"{": 232, b"[": 88, b",": 60, b":": 50}
"""What CPython takes for the smallest object and list with a member, for a further member, and for a text."""
_SLICE_BYTES: Final = 1_000_000


def load_json(body: bytes) -> Any:
    """Return a JSON text's value.

    Raises:
        ValueError: when it is no JSON, or nests deeper than 1,024 levels.
        PermanentError: RESOURCE, when its values are so many that memory would not hold them.
    """
    check_density(body, _COSTS, _outside_texts, "JSON")
    return load_exact(body)


def _outside_texts(body: bytes) -> Iterator[bytes]:
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"")
    inside = 0
    for start in range(0, len(plain), _SLICE_BYTES):
        parts = plain[start : start + _SLICE_BYTES].split(b'"')
        yield b"".join(parts[inside::2])
        inside = (inside + len(parts) - 1) % 2

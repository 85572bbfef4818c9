"""Seeds: real files out of the folder of data sets, as many and as long as a corpus needs.

What belongs here: choosing files. What does not: what a target makes of them (targets/).
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path


def files(data: Path, *patterns: str, count: int, max_bytes: int) -> Iterator[bytes]:
    """Yield the beginnings of up to `count` files, spread evenly over all that match, the same each time."""
    paths = sorted(path for pattern in patterns for path in data.glob(pattern) if path.is_file())
    for path in paths[:: max(1, -(-len(paths) // count))]:
        content = path.read_bytes()
        # web archives stay as they are; the pages of data sets are often compressed
        if content.startswith(b"\x1f\x8b") and ".warc" not in path.name:
            content = gzip.decompress(content)
        yield content[:max_bytes]


def naughty_strings(data: Path) -> list[str]:
    """Return the big list of naughty strings; none where it is absent."""
    path = data / "hostile_inputs/blns/blns.json"
    strings: list[str] = json.loads(path.read_bytes()) if path.is_file() else []
    return strings

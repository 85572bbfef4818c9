"""Which code a process would run: machines that work on one map must agree on it.

What belongs here: its digest. What does not: the versions that tables carry (`code_version` of each stage).
"""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from blake3 import blake3

_PACKAGE = Path(__file__).parents[2]
_ROOMS = ("stages/engine", "stages/extract", "stages/clean", "stages/embed", "stages/exact_json", "sources")
"""What maps run: folders, and modules."""
_DEPENDENCIES = (
    "ada-url", "jmespath", "lxml", "numpy", "onnxruntime", "orjson", "price-parser", "pydantic",
    "resiliparse", "selectolax", "tokenizers",
)  # fmt: skip
"""Another version of which may give other bytes."""


@cache
def code_version() -> str:
    """Return 16 hexadecimal digits that differ when the code of maps, Python or a parser does."""
    digest = blake3(".".join(platform.python_version_tuple()[:2]).encode())
    for name in _DEPENDENCIES:
        digest.update(f"{name}={_version(name)};".encode())
    for room in _ROOMS:
        for path in sorted([*_PACKAGE.glob(f"{room}.py"), *(_PACKAGE / room).rglob("*.py")]):
            digest.update(str(path.relative_to(_PACKAGE)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"

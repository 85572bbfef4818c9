"""requirements.lock: what it pins, and whether it pins all of it.

What belongs here: the file. What does not: what is installed (installed.py).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[2] / "requirements.lock"

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+?)(?: ; (?P<marker>.+))?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """One line of the lock.

    Attributes:
        name: canonical.
        version: the only one.
        hashes: of every file that may be installed.
        here: whether it is for this interpreter and machine.
    """

    name: str
    version: str
    hashes: tuple[str, ...]
    here: bool


def pins(text: str) -> list[Pin]:
    """Return what a lock pins.

    Raises:
        ValueError: with every line that is no exact version with nothing but sha256 hashes.
    """
    read, wrong = [], []
    for line in _joined(text):
        head, *options = re.split(r"\s+(?=--)", line)
        pin = _PIN.fullmatch(head.strip())
        if pin is None or not options or not all(map(_HASH.fullmatch, options)):
            wrong.append(head)
            continue
        hashes = tuple(option.removeprefix("--hash=") for option in options)
        here = pin["marker"] is None or Marker(pin["marker"]).evaluate()
        read.append(Pin(canonicalize_name(pin["name"]), pin["version"], hashes, here))
    if wrong:
        raise ValueError(f"not an exact version with sha256 hashes alone: {'; '.join(wrong)}")
    return read


def pinned_here(text: str) -> Mapping[str, str]:
    """Return the version of each distribution that this interpreter and machine should have."""
    return {pin.name: pin.version for pin in pins(text) if pin.here}


def _joined(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()

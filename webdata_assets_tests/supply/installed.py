"""What is installed: as the lock says and nothing else, and every file as it was shipped.

What belongs here: this environment. What does not: licences and vulnerabilities of what it holds.
"""

import base64
import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution
from pathlib import Path

from packaging.utils import canonicalize_name

UNLOCKED = {"pip", "setuptools", "webdata-assets"}
"""What an environment has before the lock is installed, and we ourselves."""


def differences(locked: Mapping[str, str], installed: Mapping[str, str]) -> list[str]:
    """Return in words how what is installed differs from what is locked, both as name → version."""
    wrong = [
        f"{name} is {installed[name]} and not {version}"
        for name, version in locked.items()
        if name in installed and installed[name] != version
    ]
    missing = [f"{name} {version} is missing" for name, version in locked.items() if name not in installed]
    extra = [
        f"{name} {version} is in no lock"
        for name, version in installed.items()
        if name not in locked and name not in UNLOCKED
    ]
    return sorted([*wrong, *missing, *extra])


def versions(distributions: Iterable[Distribution]) -> dict[str, str]:
    """Return the version of each distribution by its canonical name."""
    return {canonicalize_name(each.metadata["Name"]): each.version for each in distributions}


def changed_files(distribution: Distribution) -> Iterator[str]:
    """Yield files of a distribution that are missing, or not those that its RECORD names."""
    # read here: `Distribution.files` leaves out files that are gone
    for name, checksum, _size in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
        # RECORD has no hash of itself, nor of byte code that was compiled here
        if not checksum:
            continue
        try:
            content = Path(str(distribution.locate_file(name))).read_bytes()
        except FileNotFoundError:
            yield f"{distribution.metadata['Name']}: {name} is missing"
            continue
        if not _is(content, checksum):
            yield f"{distribution.metadata['Name']}: {name} differs from its RECORD"


def _is(content: bytes, checksum: str) -> bool:
    method, _, value = checksum.partition("=")
    digest = hashlib.new(method, content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == value

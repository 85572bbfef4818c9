"""Digests as WARC headers state them: an algorithm, a colon, and a value in base32 or hexadecimal.

What belongs here: comparing one with bytes. What does not: which bytes it is of (warc_record.py).
"""

import base64
import hashlib

from blake3 import blake3

_ALGORITHMS = frozenset({"sha1", "sha256", "sha512", "md5"})


def agrees(stated: str | None, content: bytes) -> bool | None:
    """Return whether a stated digest is the content's; None when none is stated, or an unknown one."""
    name, _, value = (stated or "").strip().partition(":")
    algorithm = name.lower().replace("-", "")
    if algorithm == "blake3":
        digest = blake3(content).digest()
    elif algorithm in _ALGORITHMS:
        digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    else:
        return None
    return value.lower() == digest.hex() or value.upper().rstrip("=") == base64.b32encode(
        digest
    ).decode().rstrip("=")

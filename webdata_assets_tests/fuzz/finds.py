"""Finds: inputs that a target should have survived, kept in a folder until they are mended.

What belongs here: telling finds apart, and keeping the smallest input of each. What does not: making inputs
(child.py).
"""

import traceback
from pathlib import Path

from blake3 import blake3

_OWN = ("webdata_assets/", "webdata_assets_tests/fuzz/targets/", "webdata_assets_tests/fuzz/found_urls")
_HANGS = ("timeout-", "oom-", "crash-")
"""How the fuzzer names inputs that end its process."""


def keep(folder: Path, error: Exception, data: bytes) -> bool:
    """Keep an input and its traceback, unless one of the same cause is there that is no larger.

    Return whether the cause is new.
    """
    name = f"{type(error).__name__}-{blake3(_cause(error).encode()).hexdigest()[:10]}"
    path = folder / name
    known = path.is_file()
    if known and path.stat().st_size <= len(data):
        return False
    path.write_bytes(data)
    path.with_suffix(".txt").write_text("".join(traceback.format_exception(error)), errors="replace")
    return not known


def kept(folder: Path) -> list[Path]:
    """Return the inputs that are finds, in order; none where there is no such folder."""
    return sorted(path for path in folder.glob("*") if path.is_file() and path.suffix != ".txt")


def ends_the_process(find: Path) -> bool:
    """Return whether an input cannot be judged without the limits of the fuzzer's process."""
    return find.name.startswith(_HANGS)


def drop(find: Path) -> None:
    """Remove a find that was mended."""
    find.unlink()
    find.with_suffix(".txt").unlink(missing_ok=True)


def _cause(error: Exception) -> str:
    """Return what two inputs with one cause have in common: the kind of error, and the last of our lines."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if any(part in frame.filename for part in _OWN)]
    last = own[-1] if own else frames[-1]
    return f"{type(error).__name__} {last.filename.rpartition('webdata_assets')[2]}:{last.name}:{last.lineno}"

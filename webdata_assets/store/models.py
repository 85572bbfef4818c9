"""Models: immutable artefacts by version, published to the store and fetched from it.

What belongs here: publishing, fetching into a cache of this machine, and verifying. What does not: which
model is in use (releases.py), and what the files mean (stages/learn/classifier.py).
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.artefacts import MANIFEST, read_artefact, write_artefact
from webdata_assets.stages.objects import Objects
from webdata_assets.store.location import Location

_ROOM = "models"


@dataclass(frozen=True)
class Models:
    """The models of one store."""

    location: Location

    def publish(self, version: str, save: Callable[[Path], None]) -> str:
        """Put a model into the store, whole or not at all; return its place relative to the root.

        Publishing the same model again changes nothing, also when two processes do so at once. What was
        published is read back and compared.

        Args:
            version: its name.
            save: writes the artefact as a folder (stages/artefacts.py).

        Raises:
            FileExistsError: the store already holds another model under that name.
        """
        if self.location.is_local:
            save(self.location.model(version))
        else:
            self._upload(version, save)
        return f"{_ROOM}/{version}"

    def fetch(self, version: str) -> Path:
        """Return the folder of a model: where it lies, or a copy of it on this machine.

        A copy lies under the hash of the manifest that the store holds now; one that was damaged is fetched
        again. Of a local store nothing is verified here: reading an artefact does.

        Raises:
            PermanentError: MODEL, the store does not hold the model, or a file of it was changed.
            TransientError: RESOURCE, the object store is out of reach.
        """
        if self.location.is_local:
            return self.location.model(version)
        objects = self._objects(version)
        manifest = _manifest(objects)
        copy = self.location.cached(_ROOM, hashlib.sha256(manifest).hexdigest())
        if copy.is_dir():
            try:
                read_artefact(copy, failure_domain=FailureDomain.MODEL)
                return copy
            except PermanentError:
                # this copy only: what the store holds is read and verified now
                shutil.rmtree(copy, ignore_errors=True)
        files = _files(objects, manifest)
        write_artefact(copy, files, json.loads(manifest)["facts"])
        return copy

    def verify(self, version: str) -> None:
        """Read a model's files from the object store and compare them with the manifest.

        Of a local store nothing is verified here: reading an artefact does.

        Raises:
            PermanentError: MODEL, a file is missing or was changed; the message names it.
            TransientError: RESOURCE, the object store is out of reach.
        """
        if not self.location.is_local:
            objects = self._objects(version)
            _files(objects, _manifest(objects))

    def _upload(self, version: str, save: Callable[[Path], None]) -> None:
        objects = self._objects(version)
        with tempfile.TemporaryDirectory() as staging:
            folder = Path(staging) / version
            save(folder)
            artefact = read_artefact(folder, failure_domain=FailureDomain.MODEL)
            manifest = (folder / MANIFEST).read_bytes()
        held = objects.get(MANIFEST)
        if held is None:
            for name, content in artefact.files.items():
                objects.put(name, content)
            # last: until it is there, the model is not
            objects.put_if_absent(MANIFEST, manifest)
            held = objects.get(MANIFEST)
        if held != manifest:
            raise FileExistsError(f"{objects.uri} already holds something else")
        _files(objects, manifest)

    def _objects(self, version: str) -> Objects:
        return self.location.objects(_ROOM, version)


def _manifest(objects: Objects) -> bytes:
    manifest = objects.get(MANIFEST)
    if manifest is None:
        raise PermanentError(
            f"{objects.uri} holds no readable artefact: there is no {MANIFEST}",
            failure_domain=FailureDomain.MODEL,
        )
    return manifest


def _files(objects: Objects, manifest: bytes) -> dict[str, bytes]:
    """Read the files that a manifest names; raise PermanentError for one that is missing or was changed."""
    try:
        checksums: dict[str, str] = dict(json.loads(manifest)["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise PermanentError(
            f"{objects.uri} holds no readable artefact: {error}", failure_domain=FailureDomain.MODEL
        ) from error
    files = {}
    for name, expected in checksums.items():
        content = objects.get(name) if Path(name).name == name else None
        found = "none" if content is None else hashlib.sha256(content).hexdigest()
        if content is None or found != expected:
            raise PermanentError(
                f"{objects.uri}/{name} was changed: expected sha256 {expected}, found {found}; "
                "restore it, or train again",
                failure_domain=FailureDomain.MODEL,
            )
        files[name] = content
    return files

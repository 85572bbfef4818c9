"""Where things lie under the root of a store.

What belongs here: the layout of folders and the options of object stores. What does not: reading and writing,
but for the spool, whose kind the place decides.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.stages.crawl.folder_spool import FolderSpool
from webdata_assets.stages.crawl.object_spool import ObjectSpool
from webdata_assets.stages.crawl.spool import Spool
from webdata_assets.stages.objects import Objects

_CACHE = Path(".webdata", "cache")
_CACHE_DIGITS = 16
_PROBE = ".writable"


@dataclass(frozen=True)
class Location:
    """The root of a store: a local folder, or an object store's URI such as `s3://bucket/prefix`."""

    root: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Of the object store: endpoint, region, credentials (options.py)."""
    cache: Path = field(default=_CACHE, compare=False)
    """A folder of this machine for copies of what lies in an object store. It may be removed at any time when
    nothing runs."""

    @property
    def is_local(self) -> bool:
        """Whether the root is a folder on this machine."""
        return "://" not in self.root

    def uri(self, *parts: str) -> str:
        """Join names below the root."""
        if self.is_local:
            return str(Path(self.root).absolute().joinpath(*parts))
        return "/".join([self.root.rstrip("/"), *parts])

    def table(self, name: str) -> str:
        """The Delta table of an asset, or the ledger."""
        return self.uri("tables", name)

    def objects(self, *parts: str) -> Objects:
        """The objects below names below the root. Raises PermanentError for a local folder."""
        if self.is_local:
            raise PermanentError(
                f"WEBDATA_STORE={self.root} is a folder and holds no objects",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        return Objects(self.uri(*parts), self.options)

    def folder(self, *parts: str) -> Path:
        """A local folder below the root. Raises PermanentError for an object store."""
        if not self.is_local:
            raise PermanentError(
                f"WEBDATA_STORE={self.root}: {'/'.join(parts)} needs a local folder",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        return Path(self.uri(*parts))

    def cached(self, *parts: str) -> Path:
        """A folder of this machine for copies of what lies below names below the root of an object store."""
        digest = blake3(self.root.rstrip("/").encode()).hexdigest()[:_CACHE_DIGITS]
        return self.cache.absolute().joinpath(digest, *parts)

    def spool(self, partition: Partition) -> Spool:
        """Where a running crawl keeps its finished pages."""
        parts = ("spool", partition.source, partition.date.isoformat())
        if self.is_local:
            return FolderSpool(self.folder(*parts))
        return ObjectSpool(self.objects(*parts), self.cached(*parts))

    def index(self) -> str:
        """The searchable index."""
        return self.uri("index")

    def model(self, version: str) -> Path:
        """The artefact of one model version, where models lie in a folder (models.py otherwise)."""
        return self.folder("models", version)

    def delivered(self, name: str) -> str:
        """The target of a sink that lies in the store itself."""
        return self.uri("delivered", name)

    def relative(self, place: str | Path) -> str:
        """A place below the root as text relative to it, equal wherever the store lies."""
        return str(place).removeprefix(self.uri()).lstrip("/")

    def check_writable(self) -> None:
        """Make the root, or raise PermanentError that names it and the remedy.

        Raises TransientError if an object store is out of reach.
        """
        if not self.is_local:
            self.objects().put(_PROBE, b"")
            return
        root = Path(self.root).absolute()
        try:
            root.mkdir(parents=True, exist_ok=True)
            # under a name of its own: several first writers may probe at once
            with tempfile.TemporaryFile(dir=root):
                pass
        except OSError as error:
            raise PermanentError(
                f"the store folder {root} cannot be written ({error.strerror}): "
                "give this user write permission, or set WEBDATA_STORE to another folder",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error

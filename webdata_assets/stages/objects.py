"""Objects: bytes under keys below one address of an object store.

What belongs here: reading, conditional writing and listing, with typed errors. What does not: what the bytes
mean, and credentials, which are among the options that the caller brings.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_Result = TypeVar("_Result")

_TIMEOUT = "60s"
RETRIES = 1_000
"""More than there is time for."""
RETRY_SECONDS = 90
"""In all: a server that is started again meanwhile is not noticed."""
MAX_BACKOFF_SECONDS = 5
_CLIENT_OPTIONS = frozenset({"allow_http"})
_BODY = re.compile(r"<[?!A-Za-z]|\{\s*\"")
_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")


@dataclass(frozen=True)
class ObjectInfo:
    """What a listing tells of an object."""

    key: str
    size: int
    etag: str | None
    modified: dt.datetime | None = None
    """When it was written, in UTC, as the store's own clock had it."""


@dataclass(frozen=True)
class Objects:
    """The objects below one address, such as `s3://bucket/prefix`; keys are relative to it."""

    uri: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    """As clients of object stores take them: `AWS_ENDPOINT_URL`, …; the rest is in the environment."""

    def put(self, key: str, content: bytes) -> None:
        """Write an object, in place of one that is there. When this returns, it is durable."""
        import obstore

        with self._bucket_told():
            self._ask(key, lambda: obstore.put(self._store, key, content))

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Write an object unless there is one; return whether it was written. One of several racers wins.

        A request that is repeated after its answer was lost finds its own object: False, then, if the caller
        does not compare.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            with self._bucket_told():
                self._ask(key, lambda: obstore.put(self._store, key, content, mode="create"))
        except AlreadyExistsError:
            return False
        return True

    def replace(self, key: str, content: bytes, etag: str) -> bool:
        """Write an object in place of the one that has this entity tag; return whether it still had it."""
        import obstore
        from obstore.exceptions import NotFoundError, PreconditionError

        try:
            self._ask(key, lambda: obstore.put(self._store, key, content, mode={"e_tag": etag}))
        except (PreconditionError, NotFoundError):
            return False
        return True

    def get(self, key: str) -> bytes | None:
        """Return an object's bytes; None where there is none."""
        found = self.get_with_etag(key)
        return None if found is None else found[0]

    def get_with_etag(self, key: str) -> tuple[bytes, str] | None:
        """Return an object's bytes and entity tag; None where there is none."""
        import obstore

        def read() -> tuple[bytes, str]:
            result = obstore.get(self._store, key)
            return bytes(result.bytes()), result.meta["e_tag"] or ""

        try:
            return self._ask(key, read)
        except FileNotFoundError:
            return None

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return part of an object. Raises FileNotFoundError where there is none."""
        import obstore

        if length == 0:
            return b""
        return self._ask(key, lambda: bytes(obstore.get_range(self._store, key, start=start, length=length)))

    def info(self, key: str) -> ObjectInfo | None:
        """Return what a listing tells of one object; None where there is none."""
        import obstore

        try:
            meta = self._ask(key, lambda: obstore.head(self._store, key))
        except FileNotFoundError:
            return None
        return ObjectInfo(key, int(meta["size"]), meta["e_tag"], meta["last_modified"])

    def size(self, key: str) -> int | None:
        """Return an object's size in bytes; None where there is none."""
        found = self.info(key)
        return None if found is None else found.size

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose keys begin with whole path segments of a prefix, by key."""
        import obstore

        def read() -> list[Any]:
            return [meta for batch in obstore.list(self._store, prefix or None) for meta in batch]

        for meta in sorted(self._ask(prefix, read), key=lambda meta: str(meta["path"])):
            yield ObjectInfo(meta["path"], meta["size"], meta["e_tag"], meta["last_modified"])

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; harmless where there are none."""
        import obstore

        if not keys:
            return
        try:
            self._ask(keys[0], lambda: obstore.delete(self._store, list(keys)))
        except FileNotFoundError:
            # one that was gone may hide others that are there
            for key in keys:
                self._delete_one(key)

    def _delete_one(self, key: str) -> None:
        import obstore

        try:
            self._ask(key, lambda: obstore.delete(self._store, key))
        except FileNotFoundError:
            return

    @cached_property
    def _store(self) -> "ObjectStore":
        from obstore.exceptions import BaseError
        from obstore.store import from_url

        named = {name.lower(): value for name, value in self.options.items()}
        client: dict[str, Any] = {"timeout": _TIMEOUT}
        for name in list(named):
            option = name.removeprefix("aws_").removeprefix("google_").removeprefix("azure_")
            if option in _CLIENT_OPTIONS:
                client[option] = named.pop(name).lower() == "true"
        try:
            store: ObjectStore = from_url(
                self.uri,
                config=named or None,  # type: ignore[call-overload]
                client_options=client,
                retry_config={
                    "max_retries": RETRIES,
                    "retry_timeout": dt.timedelta(seconds=RETRY_SECONDS),
                    "backoff": {"max_backoff": dt.timedelta(seconds=MAX_BACKOFF_SECONDS)},
                },
            )
            return store
        except (BaseError, ValueError) as error:
            raise PermanentError(
                f"{self.uri} is no address of an object store that can be used: {said(error)}; "
                "use s3://bucket/prefix, gs://… or abfs://…",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error

    @contextmanager
    def _bucket_told(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise PermanentError(
                f"{self.uri}: there is no such bucket; make it, or name another one",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error

    def _ask(self, key: str, action: Callable[[], _Result]) -> _Result:
        from obstore.exceptions import (
            AlreadyExistsError,
            BaseError,
            NotFoundError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
        )

        try:
            return action()
        except (FileNotFoundError, NotFoundError, AlreadyExistsError, PreconditionError):
            raise
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise PermanentError(
                f"{self.uri}/{key} is refused: {said(error)}; check the credentials in the environment "
                "(AWS_ACCESS_KEY_ID, AWS_PROFILE or the machine's role) and what they may do",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from None
        except (BaseError, OSError) as error:
            raise TransientError(
                f"{self.uri}/{key} cannot be reached: {said(error)}", failure_domain=FailureDomain.RESOURCE
            ) from None


def said(error: Exception) -> str:
    """Return what a client of an object store says, without the body of the service's answer.

    Services repeat in it what they were sent, session tokens and key ids included; its code is kept. Behind
    the first line a client lists its own parts. Raise `from None` with it: the error itself is not cut.
    """
    text = str(error)
    line = _BODY.split(text.partition("\n")[0])[0].rstrip(" :")
    code = _CODE.search(text)
    return f"{line}: {code[1]}" if code else line

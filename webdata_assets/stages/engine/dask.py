"""The engine of several machines: workers of a Dask scheduler.

What belongs here: handing out over the network, and what happens when workers or the scheduler are gone. What
does not: what runs there (attempt.py).

An input travels inside its task, not as data of its own: so a task whose worker died can be begun again on
another one, which Dask's scheduler does three times (`distributed.scheduler.allowed-failures`).
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, NoReturn

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.engine.attempt import Done, Failed, OtherCode, attempt
from webdata_assets.stages.engine.code import code_version
from webdata_assets.stages.engine.engine import Input, Output, in_order
from webdata_assets.stages.engine.errors import unpack_error

_CONNECT_SECONDS = 5.0
_NO_WORKER_SECONDS = 60.0
_LOOK_SECONDS = 2.0
"""Between two looks for workers while an answer is awaited, and for new ones before inputs are handed out."""
_INPUTS_PER_THREAD = 2
_MOST_INPUTS = 64
"""Handed out at once, however many workers there are: the inputs are kept here until they are answered."""


class DaskEngine:
    """Workers of a Dask scheduler, found by its address. Not for several threads at once."""

    def __init__(self, address: str, *, no_worker_seconds: float = _NO_WORKER_SECONDS) -> None:
        """Take the scheduler's address; nothing is connected.

        Args:
            address: such as `tcp://scheduler:8786`, or `tls://…` with Dask's own settings for certificates.
            no_worker_seconds: how long an answer is awaited while no worker is connected to the scheduler.
        """
        self._address = address
        self._no_worker_seconds = no_worker_seconds
        self._opened: Any = None  # a distributed.Client, most of whose methods have no types
        self._workers: dict[str, int] = {}
        self._seen = self._looked = 0.0

    def map(
        self, function: Callable[[Input], Output], inputs: Iterable[Input]
    ) -> Iterator[tuple[Input, Output]]:
        """Yield each input with the function's answer, in the order of the inputs.

        Inputs, answers and what is bound to the function travel in Dask's own form, which can hold code:
        docs/machines.md says what that asks of the network.

        Raises:
            PermanentError: CONFIGURATION, when the extra is missing, the address is none, or workers run
                other code.
            TransientError: RESOURCE, when the scheduler does not answer, no worker comes, or an input's
                workers die one after the other.
            Exception: what the function raised.
        """
        client = self._client()
        name = function.func if isinstance(function, partial) else function
        version = code_version()

        def start(given: Input) -> _Awaited[Output]:
            key = f"{getattr(name, '__name__', 'attempt')}-{uuid.uuid4().hex}"
            try:
                return _Awaited(self, client.submit(attempt, function, version, given, key=key, pure=False))
            except _import_distributed().client.ClosedClientError as error:
                self._explain(error)

        self._seen = time.monotonic()
        return in_order(start, inputs, self._most)

    def close(self) -> None:
        """Disconnect."""
        if self._opened is not None:
            self._opened.close(timeout=_CONNECT_SECONDS)
            self._opened = None

    def wait_for(self, future: Any) -> Any:
        """Return a Dask future's result, which is awaited as long as there are workers."""
        while True:
            try:
                return future.result(timeout=_LOOK_SECONDS)
            except TimeoutError:
                if not self._look():
                    self._require_patience()
            except Exception as error:  # noqa: BLE001 - raised under the name that says what to do
                self._explain(error)

    def _client(self) -> Any:
        if self._opened is not None and self._opened.status == "closed":
            # it gave a lost scheduler up; there may be one again
            self.close()
        if self._opened is None:
            self._probe()
            self._opened = _import_distributed().Client(
                self._address, timeout=_CONNECT_SECONDS, set_as_default=False, name="webdata"
            )
        return self._opened

    def _probe(self) -> None:
        """Refuse an address where no scheduler answers. (Dask's client waits for ever on another server.)"""
        connect = _import_distributed().comm.connect

        async def shake_hands() -> None:
            async with asyncio.timeout(_CONNECT_SECONDS):
                (await connect(self._address, timeout=_CONNECT_SECONDS)).abort()

        try:
            asyncio.run(shake_hands())
        except (ValueError, TypeError) as error:
            raise PermanentError(
                f"WEBDATA_ENGINE={self._address} cannot be used: {error}; it is `local` or the address of a "
                "Dask scheduler, such as tcp://scheduler:8786",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error
        except OSError as error:
            raise TransientError(
                f"no Dask scheduler answers at {self._address} within {_CONNECT_SECONDS:g} s: start one with "
                "`dask scheduler`, or set WEBDATA_ENGINE=local",
                failure_domain=FailureDomain.RESOURCE,
            ) from error

    def _most(self) -> int:
        if time.monotonic() >= self._looked + _LOOK_SECONDS:
            self._look()
        return min(max(1, sum(self._workers.values())) * _INPUTS_PER_THREAD, _MOST_INPUTS)

    def _look(self) -> bool:
        """Return whether workers are connected to the scheduler, and note how many threads they have."""
        try:
            self._workers = self._client().nthreads()
        except Exception as error:  # noqa: BLE001 - raised under the name that says what to do
            self._explain(error)
        self._looked = time.monotonic()
        if self._workers:
            self._seen = self._looked
        return bool(self._workers)

    def _require_patience(self) -> None:
        if time.monotonic() >= self._seen + self._no_worker_seconds:
            raise TransientError(
                f"no worker has been connected to the Dask scheduler at {self._address} for "
                f"{self._no_worker_seconds:g} s: start one with `dask worker {self._address}`",
                failure_domain=FailureDomain.RESOURCE,
            )

    def _explain(self, error: Exception) -> NoReturn:
        distributed = _import_distributed()
        if isinstance(error, ModuleNotFoundError):
            raise PermanentError(
                f"the Dask workers at {self._address} cannot import what they are asked to run ({error}): "
                "install the same webdata_assets there",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error
        if isinstance(error, RuntimeError) and "deserialization of the task graph" in str(error):
            raise PermanentError(
                f"the Dask scheduler at {self._address} cannot import what its workers are to run: install "
                "the same webdata_assets, and modules that sources name, there too",
                failure_domain=FailureDomain.CONFIGURATION,
            ) from error
        if isinstance(error, distributed.KilledWorker):
            raise TransientError(
                f"Dask workers died one after the other at the same input: {error}",
                failure_domain=FailureDomain.RESOURCE,
            ) from error
        lost = (distributed.client.FutureCancelledError, distributed.client.ClosedClientError)
        # what the client says of a call that it was at when it gave the scheduler up
        given_up = isinstance(error, RuntimeError) and "ConnectionPool is closed" in str(error)
        if given_up or isinstance(error, (OSError, distributed.CancelledError, *lost)):
            raise TransientError(
                f"the Dask scheduler at {self._address} was lost while it was worked with: {error}",
                failure_domain=FailureDomain.RESOURCE,
            ) from error
        raise error


@dataclass(frozen=True)
class _Awaited(Generic[Output]):
    engine: DaskEngine
    future: Any

    def result(self) -> Output:
        """Return the function's answer, or raise what it raised."""
        told: Done[Output] | Failed | OtherCode = self.engine.wait_for(self.future)
        match told:
            case Done(answer):
                return answer
            case Failed(error):
                raise unpack_error(error)
            case OtherCode(version):
                raise PermanentError(
                    f"a Dask worker runs other code (version {version}) than this machine "
                    f"({code_version()}): install the same webdata_assets and dependencies on both, and "
                    "start the worker anew",
                    failure_domain=FailureDomain.CONFIGURATION,
                )

    def cancel(self) -> None:
        """Have the scheduler forget the input, if no worker has begun it and it is still there."""
        with suppress(_import_distributed().client.ClosedClientError):
            self.future.cancel()


def _import_distributed() -> Any:
    try:
        import distributed
    except ModuleNotFoundError as error:
        if error.name != "distributed":
            raise
        raise PermanentError(
            "WEBDATA_ENGINE names a Dask scheduler and needs the extra: pip install 'webdata_assets[dask]'",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    return distributed

"""A Scrapy spider as a process of ours: started once, given a deadline, judged by how it ended.

What belongs here: the process, its lock and its end. What does not: what is run (command.py), and the
items (jobs.py).
"""

import asyncio
import fcntl
import os
import re
import signal
from asyncio.subprocess import Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.clock import Clock
from webdata_assets.stages.crawl.scrapy.command import FEED, LOG, RECORD, ScrapyOptions, SpiderCommand

_GRACE_SECONDS = 10.0
"""From SIGTERM, at which Scrapy ends its downloads, to SIGKILL."""
_POLL_SECONDS = 0.5
_TAIL_BYTES = 8_192
_TAIL_LINES = 6
_MAX_SAID = 600
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Record:
    """How a spider ended, as its own process wrote it; see record.py."""

    reason: str
    errors: int
    first_error: str | None
    responses: int
    unreached: int
    unwritten: int
    feed_bytes: int


def feed_is_complete(folder: Path, options: ScrapyOptions) -> bool:
    """Whether a spider in this folder ended well, with its feed as long as it was then."""
    record = _read_record(folder)
    if record is None or _failure(record, options) is not None:
        return False
    feed = folder / FEED
    return record.feed_bytes == (feed.stat().st_size if feed.exists() else 0)


async def run_spider(
    command: SpiderCommand, folder: Path, options: ScrapyOptions, *, clock: Clock, timeout_seconds: float
) -> None:
    """Run the spider until its feed is complete; wait for one that a killed process of ours left at work.

    Args:
        command: what is run.
        folder: the job's own; holds lock, log, feed and record.
        options: which ends are good ones.
        clock: what the deadline is measured on.
        timeout_seconds: for everything.

    Raises:
        TransientError: TARGET, when no page was reached or the spider was stopped from outside; RESOURCE,
            when it was killed.
        PermanentError: CONFIGURATION, when Scrapy could not start it; TARGET, when it ran over the deadline,
            was closed before its end, or raised more exceptions than are let pass.
    """
    deadline = clock.monotonic() + timeout_seconds
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _locked(lock):
            if clock.monotonic() >= deadline:
                raise _overdue(timeout_seconds)
            await clock.sleep(_POLL_SECONDS)
        if feed_is_complete(folder, options):
            return
        for name in (RECORD, FEED):
            (folder / name).unlink(missing_ok=True)
        process = await _start(command, folder, lock)
        try:
            await _wait(process, clock, deadline)
            if process.returncode is None:
                raise _overdue(timeout_seconds)
        finally:
            await _stop(process, clock)
        record = _read_record(folder)
        if record is None:
            raise _died(process.returncode, folder, command)
        failure = _failure(record, options, command)
        if failure is not None:
            raise failure
    finally:
        os.close(lock)


async def _start(command: SpiderCommand, folder: Path, lock: int) -> Process:
    with (folder / LOG).open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *command.arguments,
            cwd=command.folder,
            env=dict(command.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # the lock is held for as long as the spider lives, whatever happens to us
            pass_fds=(lock,),
            start_new_session=True,
        )


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _wait(process: Process, clock: Clock, deadline: float) -> None:
    """Wait until the process has ended or the deadline is over."""
    ended = asyncio.ensure_future(process.wait())
    alarm = asyncio.ensure_future(clock.sleep(max(0.0, deadline - clock.monotonic())))
    try:
        await asyncio.wait({ended, alarm}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended.cancel()
        alarm.cancel()


async def _stop(process: Process, clock: Clock) -> None:
    """End the process and all that it started."""
    if process.returncode is None:
        _signal(process, signal.SIGTERM)
        await _wait(process, clock, clock.monotonic() + _GRACE_SECONDS)
    # browsers and the like may have outlived the spider
    _signal(process, signal.SIGKILL)
    await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _read_record(folder: Path) -> Record | None:
    try:
        return Record(**orjson.loads((folder / RECORD).read_bytes()))
    except FileNotFoundError:
        return None


def _failure(
    record: Record, options: ScrapyOptions, command: SpiderCommand | None = None
) -> TransientError | PermanentError | None:
    """Return what a recorded end means, or None for a good one."""
    if record.reason == "shutdown":
        return TransientError(
            "the spider was stopped from outside before its end", failure_domain=FailureDomain.TARGET
        )
    first = _line(record.first_error or "no exception", command)[:_MAX_SAID]
    if record.reason not in options.close_reasons:
        reason = _line(record.reason, command)[:_MAX_SAID]
        return _failed(f"the spider was closed before its end: {reason} ({first})")
    if record.errors > options.max_errors:
        return _failed(
            f"exceptions in callbacks and pipelines of the spider: {record.errors}, where "
            f"{options.max_errors} are let pass; first {first}"
        )
    if record.unwritten:
        return _failed(f"items of the spider that cannot be written as JSON: {record.unwritten}")
    if record.unreached and not record.responses:
        return TransientError(
            f"the spider reached no page in {record.unreached} tries", failure_domain=FailureDomain.TARGET
        )
    return None


def _died(returncode: int | None, folder: Path, command: SpiderCommand) -> TransientError | PermanentError:
    """Return what it means that a process left no record."""
    said = _tail(folder, command)
    if returncode is not None and returncode < 0:
        name = signal.Signals(-returncode).name
        return TransientError(f"the spider was killed by {name}", failure_domain=FailureDomain.RESOURCE)
    if returncode:
        return PermanentError(
            f"Scrapy could not run the spider: {said}", failure_domain=FailureDomain.CONFIGURATION
        )
    return _failed(f"Scrapy ended without running the spider to its end: {said}")


def _tail(folder: Path, command: SpiderCommand) -> str:
    """Return the last lines of the log as one line."""
    with (folder / LOG).open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
        lines = log.read().decode("utf-8", "replace").splitlines()
    said = _line(" | ".join(line.strip() for line in lines[-_TAIL_LINES:] if line.strip()), command)
    return said[-_MAX_SAID:]


def _line(text: str, command: SpiderCommand | None) -> str:
    """Return text of a spider as one line without secrets and control characters."""
    for secret in command.secrets if command else ():
        text = text.replace(secret, "***")
    return _UNPRINTABLE.sub(" ", text)


def _failed(message: str) -> PermanentError:
    return PermanentError(message, failure_domain=FailureDomain.TARGET)


def _overdue(timeout_seconds: float) -> PermanentError:
    return _failed(f"the spider did not end within {timeout_seconds:g} s")

"""A fuzz target: code that takes outside bytes, what it may raise, and what holds of its results.

What belongs here: the type, and judging one input. What does not: any parser (targets/), and finding inputs
(child.py).
"""

import importlib
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from webdata_assets.errors import FailureDomain, PermanentError, TransientError, WebdataError

Mutate = Callable[[bytes], bytes]
"""A mutation by single bytes, as the fuzzer does it."""
Mutator = Callable[[bytes, random.Random, Mutate], bytes]
"""A mutation that knows the format: input, randomness, and the mutation by bytes for parts of it."""
Typed = tuple[type[WebdataError], FailureDomain]

UNREADABLE: Typed = (PermanentError, FailureDomain.PARSE)
TOO_LARGE: Typed = (PermanentError, FailureDomain.RESOURCE)
REFUSED: Typed = (PermanentError, FailureDomain.ACCESS)
MISCONFIGURED: Typed = (PermanentError, FailureDomain.CONFIGURATION)
NOT_SERVED: Typed = (PermanentError, FailureDomain.TARGET)
RETRIED: Typed = (TransientError, FailureDomain.TARGET)

SLOW_SECONDS = 5.0
"""CPU time of one input; instrumented code takes several times what it takes in production."""

NAMES = (
    "extract", "records", "structured",
    "values", "dates", "links", "robots", "sitemap", "feed", "warc", "source_yaml",
    "api_listing", "url", "clean", "headers",
)  # fmt: skip


class SlowError(AssertionError):
    """An input that takes far longer than its size explains."""


@dataclass(frozen=True)
class Target:
    """One piece of code to fuzz.

    Attributes:
        run: takes an input; raises AssertionError where the result breaks an invariant.
        may_raise: the typed errors that `run` may raise; every other exception is a find.
        samples: inputs that reach deep, small enough to be part of the tests.
        seeds: real inputs out of a folder of data sets, for the corpus.
        tokens: words of the format, for the fuzzer's dictionary.
        max_bytes: of an input.
        mutate: where plain bytes seldom get past the format's envelope.
    """

    run: Callable[[bytes], object]
    may_raise: frozenset[Typed]
    samples: tuple[bytes, ...]
    seeds: Callable[[Path], Iterable[bytes]]
    tokens: tuple[str, ...] = ()
    max_bytes: int = 8_192
    mutate: Mutator | None = field(default=None)


def load_target(name: str) -> Target:
    """Return a target; its module, and all that it tests, is imported by this."""
    target: Target = importlib.import_module(f"webdata_assets_tests.fuzz.targets.{name}").TARGET
    return target


def judge(target: Target, data: bytes) -> None:
    """Run one input.

    Raises:
        Exception: whatever the target may not raise: a find.
        SlowError: it took more than SLOW_SECONDS.
    """
    started = time.process_time()
    try:
        target.run(data)
    except WebdataError as error:
        kind = TransientError if isinstance(error, TransientError) else PermanentError
        if (kind, error.failure_domain) not in target.may_raise:
            raise
    seconds = time.process_time() - started
    if seconds > SLOW_SECONDS:
        raise SlowError(f"{len(data)} bytes took {seconds:.1f} s of CPU time")

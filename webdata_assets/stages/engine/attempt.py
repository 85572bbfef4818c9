"""One input on another machine: the function, tried there, and what is told of it.

What belongs here: what runs in a Dask worker around the function. What does not: the client's side (dask.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

from webdata_assets.stages.engine.code import code_version
from webdata_assets.stages.engine.engine import Input, Output
from webdata_assets.stages.engine.errors import pack_error


@dataclass(frozen=True)
class Done(Generic[Output]):
    """The function's answer."""

    answer: Output


@dataclass(frozen=True)
class Failed:
    """The error that it raised, see errors.py: typed errors do not survive the way back as they are."""

    error: dict[str, Any]


@dataclass(frozen=True)
class OtherCode:
    """The function was not called: another version of it lies on that machine."""

    version: str


def attempt(
    function: Callable[[Input], Output], version: str, given: Input
) -> Done[Output] | Failed | OtherCode:
    """Return what became of an input.

    Args:
        function: importable by its name, or a `functools.partial` of such a one.
        version: the caller's `code_version()`.
        given: the input.
    """
    if version != code_version():
        return OtherCode(code_version())
    try:
        return Done(function(given))
    except Exception as error:  # noqa: BLE001 - raised by the client
        return Failed(pack_error(error))

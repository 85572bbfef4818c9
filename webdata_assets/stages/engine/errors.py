"""Errors that cross from one process to another, as JSON.

What belongs here: a form from which no code can come. What does not: any channel.
"""

import builtins
import traceback
from typing import Any

from webdata_assets.errors import FailureDomain, PermanentError, TransientError, WebdataError

Json = dict[str, Any]

_MADE_OTHERWISE = (UnicodeError, BaseExceptionGroup)
_TYPED_ERRORS = {"TransientError": TransientError, "PermanentError": PermanentError}


def pack_error(error: Exception) -> Json:
    """Return an error with its traceback."""
    packed: Json = {
        "type": type(error).__qualname__,
        "message": str(error),
        "traceback": "".join(traceback.format_exception(error)),
    }
    if isinstance(error, WebdataError):
        kind = TransientError if isinstance(error, TransientError) else PermanentError
        packed |= {"type": kind.__name__, "domain": error.failure_domain.value}
    return packed


def unpack_error(packed: Json) -> Exception:
    """Return the error to raise here: typed ones and Python's own as they were, else RuntimeError.

    The other process's traceback is a note of it.
    """
    name, message = packed["type"], packed["message"]
    known = getattr(builtins, name, None)
    if name in _TYPED_ERRORS and "domain" in packed:
        error: Exception = _TYPED_ERRORS[name](message, failure_domain=FailureDomain(packed["domain"]))
    elif isinstance(known, type) and issubclass(known, Exception) and not issubclass(known, _MADE_OTHERWISE):
        error = known(message)
    else:
        error = RuntimeError(f"{name}: {message}")
    error.add_note(f"In a worker process:\n{packed['traceback']}")
    return error

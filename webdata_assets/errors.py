"""The typed errors that every layer raises.

What belongs here: the two error classes and the failure domains. What does not: handling. A bug is
never wrapped in one of these; it is raised as it is.
"""

import re
from enum import StrEnum


class FailureDomain(StrEnum):
    """Whose fault a failure is, and therefore who or what can mend it."""

    TARGET = "target"
    """The site: timeouts, 5xx, 429, DNS. Retried with backoff."""
    ACCESS = "access"
    """The way in: robots, 401, 403, login pages, refused addresses. Never hammered."""
    PARSE = "parse"
    """The content: selector not found, schema or completeness drop. Patched, then replayed."""
    RESOURCE = "resource"
    """Limits: body too large, decompression or parser bombs, memory."""
    MODEL = "model"
    """Drift, or a metric below its floor. The champion stays."""
    SINK = "sink"
    """The destination: warehouse down, write conflict. Merged again on the next try."""
    CONFIGURATION = "configuration"
    """The user's own files and settings. Mended by the remedy that the message names."""


_DOMAIN_NOTE = "failure domain: "
_STORE_REFUSES = re.compile(
    r"The operation lacked (?:the necessary privileges|valid authentication)"
    r"|FATAL: +(?:password authentication failed|no pg_hba\.conf entry|(?:role|database) .* does not exist)"
)
_STORE_OUT_OF_REACH = re.compile(
    r"object-store error|Generic (?:S3|GCS|MicrosoftAzure|HTTP) error"
    r"|No space left on device|os error 28\b"
    r"|database or disk is full|sqlite3\.OperationalError: disk I/O error"
    r"|psycopg2?\.(?:OperationalError|InterfaceError)"
)
"""As libraries tell it that read lazily, wherever a frame is collected, and as Dagster's storage does:
credentials or a clock that the store does not take; an outage, or a full disk."""


def domain_told(error: str) -> FailureDomain | None:
    """Return the domain of a formatted error: what the last line of a typed one names.

    Of a library that could not reach a store, or found no room, it is RESOURCE; of one that a store refused,
    CONFIGURATION. None for anything else.
    """
    last = error.rstrip().rpartition("\n")[2]
    told = last.removeprefix(_DOMAIN_NOTE)
    if told != last and told in set(FailureDomain):
        return FailureDomain(told)
    if _STORE_REFUSES.search(error):
        return FailureDomain.CONFIGURATION
    return FailureDomain.RESOURCE if _STORE_OUT_OF_REACH.search(error) else None


class WebdataError(Exception):
    """Base of the typed errors: a message for a person, and the domain of the failure.

    The domain is a note too: wherever a traceback is kept, as in Dagster's event log, `domain_told` reads it.
    """

    def __init__(self, message: str, *, failure_domain: FailureDomain) -> None:
        super().__init__(message)
        self.failure_domain = failure_domain
        self.add_note(f"{_DOMAIN_NOTE}{failure_domain.value}")


class TransientError(WebdataError):
    """May succeed when tried again, unchanged."""

    def __init__(
        self, message: str, *, failure_domain: FailureDomain, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, failure_domain=failure_domain)
        self.retry_after_seconds = retry_after_seconds


class PermanentError(WebdataError):
    """Will fail the same way until something other than time changes."""


class SourceFileError(PermanentError):
    """A source file that cannot be used. The message names file, line, field and remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.CONFIGURATION)


class TaskFileError(PermanentError):
    """A task file that cannot be used. The message names file, line, field and remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.CONFIGURATION)


class SinkFileError(PermanentError):
    """A sink file that cannot be used. The message names file, line, field and remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.CONFIGURATION)


class NotAdmittedError(PermanentError):
    """A reader asked for a partition that is not materialized, or whose blocking checks did not pass."""

    def __init__(self, message: str) -> None:
        super().__init__(message, failure_domain=FailureDomain.PARSE)

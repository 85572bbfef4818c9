"""Snowflake's connector: opened, closed, and its errors as ours.

What belongs here: what a connection may hold, and errors. What does not: any statement of a delivery.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

_LOCK_SECONDS = 120
_NETWORK_SECONDS = 600
_SECRETS = frozenset({"password", "passcode", "token", "private_key", "private_key_file_pwd"})
_NEEDED = ("account", "user", "database", "schema")
_WAITED_TOO_LONG = frozenset({604, 625, 630})
_BAD_LOGIN = frozenset({250001, 390100, 390144, 390189})


def check(connection: Mapping[str, Any]) -> None:
    """Raise PermanentError if a connection lacks something, holds a secret, or has no connector."""
    import_snowflake()
    if secrets := _SECRETS & set(connection):
        raise _configuration(
            f"the connection of a Snowflake sink must not hold {', '.join(sorted(secrets))}: "
            "name the environment variable of the password instead"
        )
    if lacking := [name for name in _NEEDED if name not in connection]:
        raise _configuration(f"the connection of a Snowflake sink lacks {', '.join(lacking)}")


@contextmanager
def connected(uri: str, given: Mapping[str, Any], password: str | None) -> Iterator["SnowflakeConnection"]:
    """Lend a connection that commits each statement unless a transaction was begun.

    Args:
        uri: of the target, for messages.
        given: what `snowflake.connector.connect` takes.
        password: or access token; with `private_key_file`, of that file.

    Raises:
        PermanentError: the login or a statement is refused.
        TransientError: Snowflake does not answer, or another delivery keeps its lock too long.
    """
    errors = import_snowflake().errors
    parameters = {
        **given.get("session_parameters", {}),
        "LOCK_TIMEOUT": _LOCK_SECONDS,
        "TIMEZONE": "UTC",
        # a client that was killed must not keep its lock
        "ABORT_DETACHED_QUERY": True,
    }
    secret = "private_key_file_pwd" if "private_key_file" in given else "password"
    arguments = {"network_timeout": _NETWORK_SECONDS, **given, "session_parameters": parameters}
    if password is not None:
        arguments[secret] = password
    try:
        with import_snowflake().connect(**arguments, autocommit=True, paramstyle="qmark") as connection:
            yield connection
    except errors.Error as error:
        told = f"{uri}: {error.msg}"
        # an OperationalError of the same number only says that nobody answers
        bad_login = error.errno in _BAD_LOGIN and not isinstance(error, errors.OperationalError)
        if bad_login or isinstance(error, errors.ForbiddenError):
            raise _configuration(told) from None
        refused = isinstance(error, errors.ProgrammingError | errors.IntegrityError | errors.DataError)
        if refused and error.errno not in _WAITED_TOO_LONG:
            raise PermanentError(told, failure_domain=FailureDomain.SINK) from None
        raise TransientError(told, failure_domain=FailureDomain.SINK) from error


def import_snowflake() -> Any:
    """Return `snowflake.connector`; raises PermanentError where it is not installed."""
    try:
        import snowflake.connector
    except ModuleNotFoundError as error:
        raise _configuration(
            "a Snowflake sink needs the extra: pip install 'webdata_assets[snowflake]'"
        ) from error
    return snowflake.connector


def _configuration(message: str) -> PermanentError:
    return PermanentError(message, failure_domain=FailureDomain.CONFIGURATION)

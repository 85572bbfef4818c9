"""Google's client: opened, closed, and its errors as ours.

What belongs here: credentials and errors. What does not: what is asked of it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

if TYPE_CHECKING:
    from google.cloud import bigquery

CONFLICT = "concurrent update"
"""In the message of a transaction that lost against another one."""


@contextmanager
def connected(
    uri: str, project: str, credentials: str | None, endpoint: str | None
) -> Iterator["bigquery.Client"]:
    """Lend a client.

    Args:
        uri: of the target, for messages.
        project: that pays.
        credentials: a service account's JSON; Google's own defaults if None.
        endpoint: another address than Google's; one at `http://` is called without credentials if there are
            none.

    Raises:
        PermanentError: credentials that are none, or that lack a right, or a request that is refused.
        TransientError: BigQuery does not answer, is busy, or let another transaction win.
    """
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    try:
        client = _open(uri, project, credentials, endpoint)
        try:
            yield client
        finally:
            client.close()  # type: ignore[no-untyped-call]
    except (exceptions.Forbidden, exceptions.Unauthorized) as error:
        raise _configuration(f"{uri}: {error.message}") from error
    except exceptions.ClientError as error:
        if isinstance(error, exceptions.TooManyRequests) or CONFLICT in str(error):
            raise TransientError(f"{uri}: {error.message}", failure_domain=FailureDomain.SINK) from error
        raise PermanentError(
            f"{uri} refuses the rows, and holds what it held: {error.message}",
            failure_domain=FailureDomain.SINK,
        ) from error
    except GoogleAuthError as error:
        raise _configuration(f"{uri}: {error}") from error
    except (exceptions.GoogleAPIError, RequestException) as error:
        raise TransientError(f"{uri} does not answer: {error}", failure_domain=FailureDomain.SINK) from error


def import_bigquery() -> Any:
    """Return `google.cloud.bigquery`; raises PermanentError where it is not installed."""
    try:
        from google.cloud import bigquery
    except ModuleNotFoundError as error:
        raise _configuration(
            "a BigQuery sink needs the extra: pip install 'webdata_assets[bigquery]'"
        ) from error
    return bigquery


def _open(uri: str, project: str, credentials: str | None, endpoint: str | None) -> "bigquery.Client":
    from google.auth.credentials import AnonymousCredentials
    from google.oauth2.service_account import Credentials

    given: Any = None
    if credentials is not None:
        try:
            information = json.loads(credentials)
            given = Credentials.from_service_account_info(information)  # type: ignore[no-untyped-call]
        except ValueError:
            # its message may repeat the key
            raise _configuration(f"the credentials of {uri} are no service account's JSON") from None
    elif endpoint is not None and endpoint.startswith("http://"):
        given = AnonymousCredentials()  # type: ignore[no-untyped-call]
    options = None if endpoint is None else {"api_endpoint": endpoint}
    client: bigquery.Client = import_bigquery().Client(
        project=project, credentials=given, client_options=options
    )
    return client


def _configuration(message: str) -> PermanentError:
    return PermanentError(message, failure_domain=FailureDomain.CONFIGURATION)

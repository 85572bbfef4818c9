"""Signed POSTs by the Standard Webhooks scheme: https://www.standardwebhooks.com, version 1.

What belongs here: the signature, and one request without redirects. What does not: what is posted, and trying
again.
"""

import base64
import binascii
import hashlib
import hmac
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

SECONDS = 15.0
_PREFIX = "whsec_"
_TRY_AGAIN = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_REDIRECTS = range(300, 400)


def signed_headers(secret: str, message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """Return the headers that prove who sent a message, and when.

    Args:
        secret: base64, with or without `whsec_` before it.
        message_id: the same for the same message, however often it is sent: what receivers deduplicate by.
        seconds: the moment of sending, since 1970.
        body: exactly the bytes that are sent.

    Raises:
        PermanentError: CONFIGURATION, the secret is not base64.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise PermanentError(
            "the signing secret is not base64; make one, such as by "
            "`python -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())'`",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    signed = hmac.new(key, f"{message_id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = SECONDS) -> None:
    """POST JSON, and return once the receiver has answered 2xx. A redirect is not followed.

    Raises:
        TransientError: SINK, no answer, 5xx, 408, 425 or 429; with the seconds of its `Retry-After`.
        PermanentError: SINK, any other answer.
    """
    request = urllib.request.Request(  # noqa: S310 - sink files hold http and https only
        url, data=body, headers={"content-type": "application/json", **headers}, method="POST"
    )
    where = f"{request.type}://{request.host}"
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=seconds) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code >= _SERVER_ERROR or error.code in _TRY_AGAIN:
            raise TransientError(
                f"{where} answered {error.code}",
                failure_domain=FailureDomain.SINK,
                retry_after_seconds=_retry_after(error.headers.get("retry-after")),
            ) from error
        remedy = "look into the receiver's log"
        if error.code in _REDIRECTS:
            remedy = "redirects are not followed: set the url to the final address"
        raise PermanentError(
            f"{where} answered {error.code}; {remedy}", failure_domain=FailureDomain.SINK
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise TransientError(
            f"{where} cannot be reached: {error}", failure_domain=FailureDomain.SINK
        ) from error


def _retry_after(value: str | None) -> float | None:
    """Return the seconds that a `Retry-After` asks for; None for none that can be read."""
    if not value:
        return None
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other: what is signed for one host is not sent to another."""

    def redirect_request(self, *_given: Any) -> None:
        return None

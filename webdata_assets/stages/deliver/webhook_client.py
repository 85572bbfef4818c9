"""Posting signed messages to a webhook, again and again until it takes them or says that it never will.

What belongs here: one message and its attempts. What does not: what messages say (webhook.py), and how one is
signed and posted (signing.py).
"""

import random
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.signing import post, signed_headers

ATTEMPTS = 5
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
"""Waited for here, in seconds; a receiver that asks for more is tried again by a later run."""


class WebhookClient:
    """One receiver.

    Args:
        url: of the receiver: the operator's own word, and never followed anywhere else.
        secret: `whsec_…`, as Standard Webhooks has them.
        sleep: waits for seconds.

    Raises:
        PermanentError: CONFIGURATION, url or secret cannot be used.
    """

    def __init__(self, url: str, secret: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
            raise PermanentError(
                "a webhook's url is http(s)://host/path, without user and password: its messages are signed",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        self.place = f"{parts.scheme}://{parts.netloc}{parts.path}"
        """Without the query, where tokens are."""
        self._url = url
        self._secret = secret
        self._sleep = sleep
        signed_headers(secret, "msg", 0, b"")

    def post(self, message_id: str, body: bytes) -> None:
        """Send one message until it is taken.

        Raises:
            TransientError: SINK, not taken after all attempts; `retry_after_seconds` as the receiver asked.
            PermanentError: SINK, the receiver refuses it, or redirects.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                post(self._url, body, signed_headers(self._secret, message_id, int(time.time()), body))
                return
            except TransientError as error:
                pause = random.uniform(0, FIRST_PAUSE * 2**attempt)  # noqa: S311 (jitter)
                wait = max(pause, error.retry_after_seconds or 0.0)
                if attempt == ATTEMPTS or wait > LONGEST_PAUSE:
                    raise
            self._sleep(wait)

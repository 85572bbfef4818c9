"""Sending a message to the receivers of a deployment, by Apprise.

What belongs here: handing one text to all receivers within a bounded time, and keeping their URLs to
ourselves. What does not: what is worth a message, and when it is sent again (automation/alerts/).
"""

import logging
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.clean.normalise import clean_body, clean_line

if TYPE_CHECKING:
    from apprise import AppriseAsset
    from apprise.plugins.base import NotifyBase

Severity = Literal["failure", "warning", "info", "success"]

SECONDS = 8.0
"""For which a message waits for its slowest receiver."""

TITLE_CHARACTERS = 150
BODY_CHARACTERS = 3_000
"""Below what chats take in one message, so that none is cut in two."""

_CALLS = re.compile(r"@(?=\**(?:everyone|here|channel|all)\b)", re.IGNORECASE)
"""With which chats call all members of a channel, also in plain text."""

_TELLING_LOGGERS = ("apprise", "urllib3.connectionpool", "urllib3.util.retry")
"""Those that quote a receiver's URL, password or path, at one level or another."""

_SENDING: ContextVar[bool] = ContextVar("sending", default=False)
"""Set while a message is sent, in the threads of its receivers too."""


def deliver(
    urls: Sequence[SecretStr],
    title: str,
    body: str,
    severity: Severity,
    *,
    only: Collection[int] | None = None,
    seconds: float = SECONDS,
) -> set[int]:
    """Send a message to all receivers at once, and return the places, from 1, of those that took it.

    A receiver that cannot be reached, refuses, redirects, or needs longer than `seconds` has not taken it;
    so has one whose URL cannot be used. Nothing is raised for either, and nothing is logged.

    Args:
        urls: Apprise URLs.
        title: one line.
        body: several lines. Of both, control and bidirectional characters are removed, `@everyone` and its
            like become words that call nobody, and what is too long is cut.
        severity: gives the message its sign and colour, where the receiver has any.
        only: places of the receivers to send to; all if None.
        seconds: for which the slowest is waited for.
    """
    import apprise
    from apprise.result import AppriseResultStatus

    with _unlogged():
        asset = _asset(seconds)
        services = {
            place: service
            for place, url in enumerate(urls, start=1)
            if (only is None or place in only) and (service := _service(url, asset)) is not None
        }
        if not services:
            return set()
        sender = apprise.Apprise(list(services.values()), asset=asset)
        result = sender.notify(
            title=_shortened(_uncalled(clean_line(title)), TITLE_CHARACTERS),
            body=_shortened(_uncalled(clean_body(body)), BODY_CHARACTERS),
            notify_type=apprise.NotifyType(severity),
            body_format=apprise.NotifyFormat.TEXT,
        )
    took = set()
    for place, answer in zip(services, result.results, strict=True):
        # the last try, and not the answer itself, which is good for a receiver marked `optional=yes`
        if answer.attempts and answer.attempts[-1].status is AppriseResultStatus.SUCCESS:
            took.add(place)
    return took


def unusable_receivers(urls: Sequence[SecretStr]) -> list[int]:
    """Return the places, from 1, of URLs that Apprise cannot use. Nothing is connected to."""
    with _unlogged():
        asset = _asset(SECONDS)
        return [place for place, url in enumerate(urls, start=1) if _service(url, asset) is None]


def check_receivers(urls: Sequence[SecretStr]) -> None:
    """Raise PermanentError (CONFIGURATION) that names the places of URLs that cannot be used.

    The URLs themselves are secrets, and not part of the message.
    """
    unusable = unusable_receivers(urls)
    if unusable:
        places = " and ".join(str(place) for place in unusable)
        raise PermanentError(
            f"WEBDATA_ALERTS: number {places} of {len(urls)} is no URL that Apprise can use. Part "
            "them by spaces, such as `json://host/path mailtos://user:password@host?to=you@host`, and write "
            "`%20` for a space and `%40` for an `@` within a part; Apprise's documentation lists the forms",
            failure_domain=FailureDomain.CONFIGURATION,
        )


def _asset(seconds: float) -> "AppriseAsset":
    import apprise

    return apprise.AppriseAsset(
        app_id="webdata_assets",
        app_desc="alerts",
        service_timeout=seconds,
        # a POST that is redirected becomes a GET, which delivers nothing and looks like success
        http_redirects=False,
        interpret_emojis=False,
    )


def _service(url: SecretStr, asset: "AppriseAsset") -> "NotifyBase | None":
    import apprise

    return apprise.Apprise.instantiate(url.get_secret_value(), asset=asset)


def _uncalled(text: str) -> str:
    return _CALLS.sub("@\N{ZERO WIDTH SPACE}", text)


def _shortened(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep the loggers that quote URLs silent about what this thread, and those it starts, do."""
    for name in _TELLING_LOGGERS:
        logging.getLogger(name).addFilter(_is_not_of_ours)  # adding it again changes nothing
    token = _SENDING.set(True)
    try:
        yield
    finally:
        _SENDING.reset(token)


def _is_not_of_ours(_record: logging.LogRecord) -> bool:
    return not _SENDING.get()

"""What a browser's own errors mean for a page.

What belongs here: Chromium's names for failures → typed errors. What does not: everything else.
"""

from webdata_assets.errors import FailureDomain, PermanentError, TransientError

_LASTING = {
    "ERR_NAME_NOT_RESOLVED": ("the page leads to a host out of scope", FailureDomain.ACCESS),
    "ERR_CERT": ("the certificate does not verify", FailureDomain.TARGET),
    "ERR_SSL": ("no secure connection can be agreed on", FailureDomain.TARGET),
    "ERR_TOO_MANY_REDIRECTS": ("too many redirects", FailureDomain.TARGET),
    "ERR_UNSAFE_REDIRECT": ("the page leads to what is no web page", FailureDomain.ACCESS),
    "ERR_UNSAFE_PORT": ("the port is one that browsers never ask", FailureDomain.ACCESS),
    "ERR_BLOCKED_BY_CLIENT": ("pictures, styles and media are not loaded by this way", FailureDomain.TARGET),
    "Download is starting": ("the URL is a download, not a page", FailureDomain.TARGET),
}
"""What no second try mends."""


_CRASHED = ("Page crashed", "Target crashed")


def explain(message: str) -> TransientError | PermanentError:
    """Return the typed error for the message of a Playwright error."""
    first = message.partition("\n")[0][:300]
    for name, (meaning, domain) in _LASTING.items():
        if name in message:
            return PermanentError(f"{meaning}: {first}", failure_domain=domain)
    if any(name in message for name in _CRASHED):
        return TransientError(
            "the page crashed its browser process, as pages do that want too much memory",
            failure_domain=FailureDomain.RESOURCE,
        )
    return TransientError(f"the browser failed: {first}", failure_domain=FailureDomain.TARGET)

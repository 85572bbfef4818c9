"""Functions that sources name in `extract.python`: each does to its process what a broken parser might.

What belongs here: one way to misbehave each. What does not: assertions.
"""

import itertools
import os
import signal
import time

_calls = itertools.count(1)


def behave(document, payload):
    """Return the title and in which process it was read, as how manieth page."""
    return {"title": payload.url, "pid": os.getpid(), "call": next(_calls)}


def by_url(document, payload):
    """Do what the page's URL says, once for `/once/…`, else behave."""
    if "/hang" in payload.url:
        time.sleep(600)
    if "/swell" in payload.url:
        swell()
    if "/crash" in payload.url or ("/once" in payload.url and next(_calls) > 1):
        os.kill(os.getpid(), signal.SIGSEGV)
    if "/exit" in payload.url:
        os._exit(7)
    if "/memory" in payload.url:
        raise MemoryError
    return behave(document, payload)


def swell():
    """Hold more memory every moment, all of it used."""
    held = []
    while True:
        held.append(b"x" * 2**23)
        time.sleep(0.001)


def environment(document, payload):
    """Return what a worker's environment holds."""
    return [{"title": name} for name in sorted(os.environ)]

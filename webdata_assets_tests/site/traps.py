"""Traps: answers that would keep a crawler busy for ever, most of them without meaning to.

What belongs here: sites whose URLs never end, and redirects that never arrive. What does not: single faults
(answers.py).
"""

import itertools

from aiohttp import web

from webdata_assets_tests.site.answers import links
from webdata_assets_tests.site.server import Answer


def session_links(*paths: str) -> Answer:
    """A page that writes a new session into each of its links, as shops without cookies do."""
    sessions = itertools.count(1)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        session = next(sessions)
        return await links(*(f"{path}?sid={session}-{place}" for place, path in enumerate(paths)))(request)

    return answer


def calendar() -> Answer:
    """A page for every number, each with a link to the next one."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        number = int(request.query.get("page", "0"))
        return await links(f"{request.path}?page={number + 1}", title=f"page {number}")(request)

    return answer


def cookie_wall(then: Answer) -> Answer:
    """A redirect to itself with a cookie, until the cookie comes back."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if "seen=1" in request.headers.get("Cookie", ""):
            return await then(request)
        return web.Response(status=302, headers={"Location": request.path, "Set-Cookie": "seen=1; Path=/"})

    return answer


def cookie_maze() -> Answer:
    """A redirect with a cookie to a URL that was never seen before, however often it is followed."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        step = int(request.query.get("step", "0")) + 1
        return web.Response(
            status=302, headers={"Location": f"{request.path}?step={step}", "Set-Cookie": f"step={step}"}
        )

    return answer


def changing_page() -> Answer:
    """A page whose bytes differ at every visit: a clock, a token, an advertisement."""
    visits = itertools.count(1)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=f"<p>visit {next(visits)}</p>", content_type="text/html")

    return answer

"""Zyte API on loopback: pages of a pretended site, and problems as RFC 9457 writes them.

Fields, statuses and types are those of docs.zyte.com/zyte-api/usage.
"""

import base64
import json
from dataclasses import dataclass, field

from aiohttp import web

from webdata_assets_tests.crawl.vendors.loopback import Call, Loopback

KEY = "0123456789abcdef0123456789abcdef"
_FIELDS = {
    "url", "httpResponseBody", "httpResponseHeaders", "browserHtml", "screenshot", "customHttpRequestHeaders",
    "requestHeaders", "followRedirect", "geolocation", "device", "javascript", "actions", "session", "jobId",
    "echoData", "tags", "ipType", "cookieManagement",
}  # fmt: skip


@dataclass(frozen=True)
class SitePage:
    """What the site answers."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)
    browser_html: str | None = None
    final_url: str | None = None


@dataclass(frozen=True)
class Problem:
    """What Zyte API refuses with."""

    status: int
    type: str
    detail: str = "A problem"
    headers: dict[str, str] = field(default_factory=dict)


class FakeZyte(Loopback):
    """The service. `site` is what it finds; `problems` are URLs that it fails on."""

    def __init__(self) -> None:
        super().__init__()
        self.site: dict[str, SitePage] = {}
        self.problems: dict[str, Problem] = {}

    async def answer(self, call: Call) -> web.Response:
        if call.line != "POST /v1/extract":
            return web.Response(status=404)
        authorization = call.headers.get("authorization", "")
        if not authorization.startswith("Basic "):
            return _problem(Problem(401, "/auth/not-valid", "No valid authentication info found"))
        if base64.b64decode(authorization.removeprefix("Basic ")) != f"{KEY}:".encode():
            return _problem(Problem(401, "/auth/key-not-found", f"The key {authorization} can't be matched"))
        query = call.body
        for name in query:
            if name not in _FIELDS:
                return _problem(Problem(400, "/request/invalid", f'Unrecognized field "{name}"'))
        if query.get("browserHtml") and (query.get("httpResponseBody") or "followRedirect" in query):
            return _problem(Problem(422, "/request/unprocessable", "Incompatible parameters were found"))
        if query["url"] in self.problems:
            return _problem(self.problems[query["url"]])
        url, page = self._find(query["url"], follow=query.get("followRedirect", True))
        answer: dict[str, object] = {"url": page.final_url or url, "statusCode": page.status}
        if query.get("httpResponseBody"):
            answer["httpResponseBody"] = base64.b64encode(page.body).decode()
        if query.get("browserHtml"):
            answer["browserHtml"] = page.browser_html
        if query.get("httpResponseHeaders"):
            answer["httpResponseHeaders"] = [{"name": name, "value": value} for name, value in page.headers]
        return web.json_response(answer, headers={"request-id": "abcd1234"})

    def _find(self, url: str, *, follow: bool) -> tuple[str, SitePage]:
        page = self.site.get(url, SitePage(b"not here", status=404))
        location = dict(page.headers).get("Location")
        return self._find(location, follow=True) if follow and location else (url, page)


def _problem(problem: Problem) -> web.Response:
    body = {
        "type": problem.type,
        "title": "A title",
        "status": problem.status,
        "detail": problem.detail,
    }
    return web.Response(
        status=problem.status,
        text=json.dumps(body),
        content_type="application/problem+json",
        headers=problem.headers,
    )

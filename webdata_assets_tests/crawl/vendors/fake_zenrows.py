"""ZenRows' fetch API on loopback: pages of a pretended site, and problems with ZenRows' codes.

Parameters, headers and codes are those of docs.zenrows.com.
"""

from dataclasses import dataclass, field

from aiohttp import web

from webdata_assets_tests.crawl.vendors.loopback import Call, Loopback

KEY = "0123456789abcdef+/0123456789abcdef"
"""With characters that a query must escape."""


@dataclass(frozen=True)
class SitePage:
    """What the site answers."""

    body: bytes
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    final_url: str | None = None


class FakeZenRows(Loopback):
    """The service. `site` is what it finds; `problems` are URLs that it fails on, with status and code."""

    def __init__(self) -> None:
        super().__init__()
        self.site: dict[str, SitePage] = {}
        self.problems: dict[str, tuple[int, str, str]] = {}

    async def answer(self, call: Call) -> web.Response:
        if call.path.rstrip("/") != "/v1":
            return web.Response(status=404)
        key = call.query.get("apikey")
        if key is None:
            return _problem(401, "AUTH001", "Authentication required")
        if key != KEY:
            return _problem(401, "AUTH002", f"The API key {key} is invalid")
        url = call.query["url"]
        if call.query.get("js_render") not in (None, "true", "false"):
            return _problem(400, "REQS004", "Invalid params provided: js_render")
        if url in self.problems:
            return _problem(*self.problems[url])
        page = self.site.get(url)
        if page is None:
            return _problem(404, "RESP002", "Page not found")
        if page.status >= 400:
            original = call.query.get("original_status") == "true"
            return _problem(page.status if original else 422, "RESP001", "Could not get content")
        return web.Response(
            status=page.status,
            body=page.body,
            headers={
                "Content-Type": page.content_type,
                "Concurrency-Limit": "20",
                "Concurrency-Remaining": "19",
                "X-Request-Cost": "0.001",
                "X-Request-Id": "67fa4e35647515d8ad61bb3ee041e1bb",
                "Zr-Final-Url": page.final_url or url,
                "Zr-Content-Encoding": "gzip",
                "Zr-Cookies": "session=1",
                **{f"Zr-{name}": value for name, value in page.headers.items()},
            },
        )


def _problem(status: int, code: str, title: str) -> web.Response:
    return web.json_response(
        {
            "code": code,
            "detail": f"{title}. Please contact support.",
            "instance": "/v1",
            "status": status,
            "title": f"{title} ({code})",
            "type": f"https://docs.zenrows.com/api-error-codes#{code}",
        },
        status=status,
        content_type="application/problem+json",
    )

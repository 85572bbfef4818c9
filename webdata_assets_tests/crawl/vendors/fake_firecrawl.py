"""Firecrawl's API v2 on loopback: scrapes, and crawls that come along with every look at them.

Paths, fields, pagination and error codes are those of docs.firecrawl.dev and of the open-source server.
"""

import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from webdata_assets_tests.crawl.vendors.loopback import Call, Loopback

KEY = "fc-0123456789abcdef"
PAGE_DOCUMENTS = 2
"""Documents in one page of results; the real service ends a page by size."""


def document(source_url: str, html: str, status: int = 200, **metadata: Any) -> dict[str, Any]:
    return {
        "rawHtml": html,
        "markdown": f"# {source_url}",
        "metadata": {
            "title": "A page",
            "sourceURL": source_url,
            "url": source_url,
            "statusCode": status,
            "contentType": "text/html; charset=utf-8",
            "proxyUsed": "basic",
            "creditsUsed": 1,
            **metadata,
        },
    }


@dataclass
class Crawl:
    """A crawl whose state after each look at it is scripted."""

    documents: list[dict[str, Any]]
    done: list[int]
    """How many documents are done at the first look, the second, …; all after the last."""
    status: str = "completed"
    errors: list[dict[str, Any]] = field(default_factory=list)
    robots_blocked: list[str] = field(default_factory=list)
    discovering: bool = False
    """While it goes on, it knows of no page but those that are done."""
    looks: int = 0


class FakeFirecrawl(Loopback):
    """The service. Crawls of a start URL take their script from `crawls`."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, tuple[int, dict[str, Any], dict[str, str]]] = {}
        self.crawls: dict[str, Crawl] = {}
        self.jobs: dict[str, Crawl] = {}
        self.next_host: str | None = None

    def fail(self, url: str, status: int, code: str, error: str, **headers: str) -> None:
        """Let scrapes of a URL fail."""
        self.failures[url] = (status, {"success": False, "code": code, "error": error}, headers)

    async def answer(self, call: Call) -> web.Response:
        if call.headers.get("authorization") != f"Bearer {KEY}":
            return _refusal(401, "Unauthorized: Invalid token")
        match call.method, call.path.strip("/").split("/"):
            case "POST", ["v2", "scrape"]:
                return self._scrape(call.body)
            case "POST", ["v2", "crawl"]:
                return self._start_crawl(call.body)
            case "GET", ["v2", "crawl", job]:
                return self._status(job, call)
            case "GET", ["v2", "crawl", job, "errors"] if job in self.jobs:
                crawl = self.jobs[job]
                return web.json_response({"errors": crawl.errors, "robotsBlocked": crawl.robots_blocked})
        return _refusal(404, "Job not found")

    def _scrape(self, body: dict[str, Any]) -> web.Response:
        url = body.get("url", "")
        if not url.startswith("http"):
            return _refusal(400, "Bad Request", details=[{"path": ["url"], "message": "Invalid URL"}])
        if url in self.failures:
            status, content, headers = self.failures[url]
            return web.json_response(content, status=status, headers=headers)
        found = self.documents.get(url) or document(url, "<h1>Not Found</h1>", 404, error="Not Found")
        return web.json_response({"success": True, "data": _with_formats(found, body.get("formats"))})

    def _start_crawl(self, body: dict[str, Any]) -> web.Response:
        if body.get("limit", 1) <= 0:
            return _refusal(400, "Bad Request", details=[{"path": ["limit"], "message": "must be positive"}])
        job = str(uuid.uuid4())
        script = self.crawls[body["url"]]
        formats = body.get("scrapeOptions", {}).get("formats")
        documents = [_with_formats(found, formats) for found in script.documents]
        self.jobs[job] = replace(script, documents=documents, looks=0)
        return web.json_response({"success": True, "id": job, "url": f"{self.url}/v2/crawl/{job}"})

    def _status(self, job: str, call: Call) -> web.Response:
        if job not in self.jobs:
            return _refusal(404, "Job not found")
        crawl = self.jobs[job]
        over = crawl.looks >= len(crawl.done)
        done = len(crawl.documents) if over else crawl.done[crawl.looks]
        crawl.looks += 1
        skip = int(call.query.get("skip", "0"))
        data = crawl.documents[skip : min(done, skip + PAGE_DOCUMENTS)]
        # pages that failed count into the total and never come
        total = len(crawl.documents) + len(crawl.errors)
        if crawl.discovering and not over:
            total = done
        content: dict[str, Any] = {
            "success": True,
            "status": crawl.status if over else "scraping",
            "completed": done,
            "total": total,
            "creditsUsed": done,
            "expiresAt": "2026-06-03T12:00:00.000Z",
            "data": data,
        }
        if total > skip + len(data):
            host = self.next_host or self.url
            content["next"] = f"{host}/v2/crawl/{job}?skip={skip + len(data)}"
        return web.json_response(content)


def _with_formats(found: dict[str, Any], formats: list[Any] | None) -> dict[str, Any]:
    names = {entry if isinstance(entry, str) else entry["type"] for entry in formats or ["markdown"]}
    return {name: value for name, value in found.items() if name == "metadata" or name in names}


def _refusal(status: int, error: str, **more: Any) -> web.Response:
    return web.json_response({"success": False, "error": error, **more}, status=status)

"""Scrapy Cloud on loopback, both its app and its storage: jobs whose states are scripted, and their items.

Paths, fields and formats are those of docs.zyte.com/scrapy-cloud/usage/reference/http.
"""

import base64
import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from webdata_assets_tests.crawl.vendors.loopback import Call, Loopback

KEY = "0123456789abcdef0123456789abcdef"
PROJECT = "123"
SPIDER = "books"
DUPLICATE = "Spider books with given arguments is already scheduled"
_OPTIONS = {"project", "spider", "units", "priority", "add_tag", "job_settings"}


@dataclass
class Job:
    """One job. `states` are what one look after the other sees; the last one stays."""

    key: str
    states: list[str]
    items: list[dict[str, Any]]
    close_reason: str
    arguments: dict[str, str] = field(default_factory=dict)
    looks: int = 0

    @property
    def state(self) -> str:
        return self.states[min(self.looks, len(self.states) - 1)]


class FakeScrapyCloud(Loopback):
    """The service. New jobs take `states`, `items` and `close_reason` from it."""

    def __init__(self) -> None:
        super().__init__()
        self.states = ["pending", "running", "finished"]
        self.items: list[dict[str, Any]] = []
        self.close_reason = "finished"
        self.jobs: dict[str, Job] = {}
        self._numbers = itertools.count(1)

    async def answer(self, call: Call) -> web.Response:
        credentials = base64.b64encode(f"{KEY}:".encode()).decode()
        in_app = call.path.startswith("/api/")
        if call.headers.get("authorization") != f"Basic {credentials}":
            if in_app:
                return app_refusal(401, "error", "Authentication failed")
            return web.Response(status=401, text=f"no access for {call.headers.get('authorization')}")
        form = dict(parse_qsl(call.body, keep_blank_values=True)) if isinstance(call.body, str) else {}
        match call.method, call.path.strip("/").split("/"):
            case "POST", ["api", "run.json"]:
                return self._run(form)
            case "POST", ["api", "jobs", "stop.json"] if form.get("job") in self.jobs:
                self.jobs[form["job"]].states = ["finished"]
                self.jobs[form["job"]].close_reason = "cancelled"
                return web.json_response({"status": "ok"})
            case "GET", ["jobs", *parts] if "/".join(parts[:3]) in self.jobs:
                return self._metadata(self.jobs["/".join(parts[:3])], parts[3:])
            case "GET", ["items", *parts] if "/".join(parts) in self.jobs:
                return self._items(self.jobs["/".join(parts)], call)
        return web.json_response({"message": "Not found"}, status=404)

    def _run(self, form: dict[str, str]) -> web.Response:
        if form.get("project") != PROJECT or form.get("spider") != SPIDER:
            return app_refusal(400, "badrequest", f"spider {form.get('spider')} does not exist")
        arguments = {name: value for name, value in form.items() if name not in _OPTIONS}
        at_work = (job for job in self.jobs.values() if job.state in ("pending", "running"))
        if any(job.arguments == arguments for job in at_work):
            return app_refusal(400, "badrequest", DUPLICATE)
        job = Job(f"{PROJECT}/1/{next(self._numbers)}", self.states, self.items, self.close_reason, arguments)
        self.jobs[job.key] = job
        return web.json_response({"status": "ok", "jobid": job.key})

    def _metadata(self, job: Job, fields: list[str]) -> web.Response:
        metadata: dict[str, Any] = {
            "project": int(PROJECT),
            "spider": SPIDER,
            "spider_args": job.arguments,
            "state": job.state,
            "priority": 2,
            "tags": [],
            "units": 1,
            "scheduled_by": "testuser",
            "pending_time": 1566311800654,
        }
        if job.state == "finished":
            metadata |= {"close_reason": job.close_reason, "finished_time": 1566311833872}
        job.looks += 1
        return web.Response(
            text=json.dumps(metadata[fields[0]] if fields else metadata), content_type="application/json"
        )

    def _items(self, job: Job, call: Call) -> web.Response:
        start = call.query.get("start", f"{job.key}/0")
        assert start.startswith(f"{job.key}/"), "`start` takes the full key of an item"
        first = int(start.rsplit("/", 1)[1])
        numbered = list(enumerate(job.items))[first:][: int(call.query.get("count", "1000"))]
        if call.query.get("meta") == "_key":
            items = [{"_key": f"{job.key}/{number}", **item} for number, item in numbered]
        else:
            items = [item for _, item in numbered]
        wants_json = call.query.get("format", "") == "json" or (
            "format" not in call.query and call.headers.get("accept") == "application/json"
        )
        if wants_json:
            return web.json_response(items)
        lines = "".join(f"{json.dumps(item, ensure_ascii=False)}\n" for item in items)
        return web.Response(text=lines, content_type="application/x-jsonlines")


def app_refusal(status: int, kind: str, message: str) -> web.Response:
    return web.json_response({"status": kind, "message": message}, status=status)

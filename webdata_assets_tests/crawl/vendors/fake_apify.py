"""Apify's API v2 on loopback: runs of Actors whose states are scripted, and their datasets.

Paths, fields, states and headers are those of docs.apify.com/api/v2.
"""

import itertools
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from webdata_assets_tests.crawl.vendors.loopback import Call, Loopback

KEY = "apify_api_0123456789abcdef"
ACTOR = "janedoe/news-scraper"


@dataclass
class Run:
    """One run. `states` are what one look after the other sees; the last one stays."""

    id: str
    states: list[str]
    items: list[dict[str, Any]]
    status_message: str | None = None
    looks: int = 0
    params: dict[str, str] = field(default_factory=dict)
    input: Any = None

    @property
    def status(self) -> str:
        return self.states[min(self.looks, len(self.states) - 1)]


class FakeApify(Loopback):
    """The service. New runs take `states`, `items` and `status_message` from it."""

    def __init__(self) -> None:
        super().__init__()
        self.states = ["READY", "RUNNING", "SUCCEEDED"]
        self.items: list[dict[str, Any]] = []
        self.status_message: str | None = None
        self.runs: dict[str, Run] = {}
        self._numbers = itertools.count(1)

    async def answer(self, call: Call) -> web.Response:
        if call.headers.get("authorization") != f"Bearer {KEY}":
            return refusal(
                401, "user-or-token-not-found", "User was not found or authentication token is not valid"
            )
        match call.method, call.path.strip("/").split("/"):
            case "POST", ["v2", "actors" | "acts", actor, "runs"]:
                return self._start_run(actor, call)
            case "GET", ["v2", "actor-runs", run] if run in self.runs:
                response = web.json_response({"data": self._described(self.runs[run])})
                self.runs[run].looks += 1
                return response
            case "GET", ["v2", "datasets", dataset, "items"]:
                return self._items(self.runs[dataset.removeprefix("dataset-")], call)
        return refusal(404, "record-not-found", "Actor run was not found")

    def _start_run(self, actor: str, call: Call) -> web.Response:
        if actor != ACTOR.replace("/", "~"):
            return refusal(404, "record-not-found", "Actor was not found")
        if call.query.get("memory") == "1":
            return refusal(400, "invalid-parameter", "Memory must be a power of 2")
        run = Run(f"run{next(self._numbers)}", self.states, self.items, self.status_message)
        run.params, run.input = call.query, call.body
        self.runs[run.id] = run
        return web.json_response({"data": self._described(run)}, status=201)

    def _described(self, run: Run) -> dict[str, Any]:
        return {
            "id": run.id,
            "actId": "HDSasDasz78YcAPEB",
            "userId": "7sT5jcggjjA9fNcxF",
            "startedAt": "2026-06-02T12:00:00.000Z",
            "finishedAt": None,
            "status": run.status,
            "statusMessage": run.status_message,
            "meta": {"origin": "API"},
            "stats": {"restartCount": 0, "resurrectCount": 0, "computeUnits": 0.1},
            "options": {"build": "latest", "timeoutSecs": 300, "memoryMbytes": 1024, "diskMbytes": 2048},
            "buildId": "7sT5jcggjjA9fNcxG",
            "buildNumber": "0.0.1",
            "generalAccess": "RESTRICTED",
            "defaultKeyValueStoreId": f"store-{run.id}",
            "defaultDatasetId": f"dataset-{run.id}",
            "defaultRequestQueueId": f"queue-{run.id}",
        }

    def _items(self, run: Run, call: Call) -> web.Response:
        offset = int(call.query.get("offset", "0"))
        limit = int(call.query.get("limit", "999999999999"))
        rows = run.items[offset : offset + limit]
        items = rows
        if call.query.get("clean") in ("true", "1"):
            visible = ({k: v for k, v in row.items() if not k.startswith("#")} for row in rows)
            items = [row for row in visible if row]
        return web.json_response(
            items,
            headers={
                "X-Apify-Pagination-Offset": str(offset),
                "X-Apify-Pagination-Limit": str(limit),
                "X-Apify-Pagination-Count": str(len(rows)),
                "X-Apify-Pagination-Total": str(len(run.items)),
                "X-Apify-Pagination-Desc": "false",
            },
        )


def refusal(status: int, kind: str, message: str) -> web.Response:
    return web.json_response({"error": {"type": kind, "message": message}}, status=status)

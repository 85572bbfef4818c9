"""Bright Data on loopback: a Web Unlocker for a pretended site, and collections whose states are scripted.

Paths, fields, headers and codes are those of docs.brightdata.com.
"""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from webdata_assets_tests.crawl.vendors.loopback import Call, Loopback

KEY = "b5648e10-96c6-442f-60a6-c4bbbe73f8d2"
ZONE = "web_unlocker1"
DATASET = "gd_l1viktl72bvl7bjuj0"


@dataclass(frozen=True)
class SitePage:
    """What the site answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})


@dataclass
class Snapshot:
    """One collection. `states` are what one look after the other sees; the last one stays."""

    id: str
    states: list[str]
    records: list[dict[str, Any]]
    builds: int
    looks: int = 0
    is_cut: bool = False
    params: dict[str, str] = field(default_factory=dict)
    input: Any = None


class FakeBrightData(Loopback):
    """The service. New snapshots take `states`, `records` and `builds` from it."""

    def __init__(self) -> None:
        super().__init__()
        self.site: dict[str, SitePage] = {}
        self.problems: dict[str, tuple[int, str, str]] = {}
        self.states = ["starting", "running", "ready"]
        self.records: list[dict[str, Any]] = []
        self.builds = 0
        self.snapshots: dict[str, Snapshot] = {}
        self._numbers = itertools.count(1)

    async def answer(self, call: Call) -> web.Response:
        if call.headers.get("authorization") != f"Bearer {KEY}":
            return web.Response(status=401, text=f"Invalid token {call.headers.get('authorization')}")
        match call.method, call.path.strip("/").split("/"):
            case "POST", ["request"]:
                return self._unlock(call)
            case "POST", ["datasets", "v3", "trigger"]:
                return self._trigger(call)
            case "GET", ["datasets", "v3", "progress", name] if name in self.snapshots:
                return self._progress(self.snapshots[name])
            case "GET", ["datasets", "v3", "snapshot", name] if name in self.snapshots:
                return self._download(self.snapshots[name], call)
            case "GET", ["datasets", "v3", "snapshot", name, "parts"] if name in self.snapshots:
                return self._parts(self.snapshots[name], call)
            case "POST", ["datasets", "v3", "snapshot", name, "cancel"] if name in self.snapshots:
                self.snapshots[name].states = ["canceled"]
                return web.Response(text="OK")
        return web.Response(status=404, text="Snapshot does not exist")

    def _unlock(self, call: Call) -> web.Response:
        query = call.body
        if query.get("zone") != ZONE:
            return web.Response(status=400, text=f'zone "{query.get("zone")}" not found')
        if query.get("format") != "raw" or query.get("method", "GET") != "GET":
            return web.Response(status=400, text="the fake speaks `format: raw` and GET only")
        if query["url"] in self.problems:
            status, code, error = self.problems[query["url"]]
            headers = {"x-brd-status-code": str(status), "x-brd-error": error, "x-brd-error-code": code}
            return web.Response(headers={name: value for name, value in headers.items() if value})
        page = self.site.get(query["url"], SitePage(status=404))
        return web.Response(
            body=page.body,
            headers={**page.headers, "x-brd-status-code": str(page.status), "x-brd-debug": "req_id=hl_d0"},
        )

    def _trigger(self, call: Call) -> web.Response:
        if call.query.get("dataset_id") != DATASET:
            return web.Response(status=404, text="dataset does not exist")
        inputs = call.body["input"] if isinstance(call.body, dict) else call.body
        if not all(isinstance(entry.get("url"), str) for entry in inputs):
            return web.json_response({"validation_errors": ["url: Required field"]}, status=400)
        snapshot = Snapshot(
            f"s_m4x7enmven8djfqa{next(self._numbers)}", self.states, self.records, self.builds
        )
        snapshot.params, snapshot.input = call.query, call.body
        self.snapshots[snapshot.id] = snapshot
        return web.json_response({"snapshot_id": snapshot.id})

    def _progress(self, snapshot: Snapshot) -> web.Response:
        status = snapshot.states[min(snapshot.looks, len(snapshot.states) - 1)]
        snapshot.looks += 1
        answer = {"snapshot_id": snapshot.id, "dataset_id": DATASET, "status": status}
        if status == "failed":
            answer["error_message"] = "No data found in\ndiscovery"
        return web.json_response(answer)

    def _download(self, snapshot: Snapshot, call: Call) -> web.Response:
        if not snapshot.records:
            return web.Response(status=400, text="Snapshot is empty")
        if snapshot.builds > 0:
            snapshot.builds -= 1
            building = {"status": "building", "message": "Snapshot is building, try again in 10s"}
            return web.json_response(building, status=202)
        records = snapshot.records
        if "batch_size" in call.query:
            size = int(call.query["batch_size"])
            if size < 1_000:
                return web.Response(status=400, text="Batch size must be at least 1000.")
            snapshot.is_cut = True
            first = (int(call.query.get("part", "1")) - 1) * size
            records = records[first : first + size]
        if call.query.get("format") in ("ndjson", "jsonl"):
            return web.Response(text="\n".join(map(json.dumps, records)), content_type="application/x-ndjson")
        return web.json_response(records)

    def _parts(self, snapshot: Snapshot, call: Call) -> web.Response:
        if not snapshot.is_cut:
            return web.Response(status=400, text="Snapshot is not ready")
        size = int(call.query["batch_size"])
        return web.json_response({"parts": -(-len(snapshot.records) // size)})

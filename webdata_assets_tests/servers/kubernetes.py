"""A stand-in for a Kubernetes API on loopback, which takes jobs and carries them out as local processes.

What belongs here: the few calls that Dagster makes. What does not: scheduling, images, volumes.
"""

import json
import os
import subprocess
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml


class KubernetesStandIn:
    """Jobs by name: what was asked for, and the process that carries it out."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Listen; `environment` is what secret and config map would give to each container."""
        self.jobs: dict[str, dict[str, Any]] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = dict(environment)
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(201, stand_in.create(body))

            def do_GET(self) -> None:
                name = self.path.partition("/jobs/")[2].partition("?")[0].removesuffix("/status")
                if name in stand_in.jobs:
                    self._answer(200, stand_in.status(name))
                else:
                    self._answer(404, {"kind": "Status", "code": 404, "reason": "NotFound"})

            def _answer(self, status: int, body: object) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def write_config(self, path: Path) -> Path:
        """Write a kubeconfig file that leads here."""
        here = f"http://127.0.0.1:{self._server.server_port}"
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": here}}],
            "users": [{"name": "nobody", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "nobody"}}],
        }  # fmt: skip
        path.write_text(yaml.safe_dump(config))
        return path

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take a job and start its container's command."""
        name, container = body["metadata"]["name"], body["spec"]["template"]["spec"]["containers"][0]
        self.jobs[name] = body
        told = {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}
        self.processes[name] = subprocess.Popen(
            container["args"], env={**os.environ, **told, **self._environment}, stdout=subprocess.DEVNULL
        )
        return body

    def status(self, name: str) -> dict[str, Any]:
        """Return a job as it stands."""
        code = self.processes[name].poll()
        counts = {"active": 1} if code is None else {"succeeded": 1} if code == 0 else {"failed": 1}
        return {**self.jobs[name], "status": counts}

    def close(self) -> None:
        """End the server and what it started."""
        self._server.shutdown()
        self._server.server_close()
        for process in self.processes.values():
            process.kill()
            process.wait()

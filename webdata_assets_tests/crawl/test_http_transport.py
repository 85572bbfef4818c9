"""The http way in alone: addresses, caps, headers, TLS."""

import asyncio
import resource
import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.http import HttpTransport
from webdata_assets.stages.crawl.transport import Request, Response
from webdata_assets_tests.site.answers import bomb, gzipped, page, status
from webdata_assets_tests.site.server import FaultServer


def fetch(request: Request, connect_to: Mapping[str, str] | None = None) -> Response:
    async def go() -> Response:
        transport = HttpTransport(connect_to=connect_to)
        try:
            return await transport.fetch(request)
        finally:
            await transport.close()

    return asyncio.run(go())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_before_connecting(site: FaultServer, host: str) -> None:
    with pytest.raises(PermanentError, match="allow_private") as caught:
        fetch(Request(f"http://{host}:{site.port}/"))
    assert caught.value.failure_domain is FailureDomain.ACCESS
    assert site.log == []


def test_connect_to_is_checked_like_any_address(site: FaultServer) -> None:
    with pytest.raises(PermanentError, match="allow_private"):
        fetch(Request("http://site.test/"), {"site.test": site.address})
    assert site.log == []


def test_connect_to_keeps_the_host_that_the_server_sees(site: FaultServer) -> None:
    site.add("/", page("hello"))
    response = fetch(Request("http://site.test/", allow_private=True), {"site.test": site.address})
    assert (response.status, response.body, response.url) == (200, b"hello", "http://site.test/")
    assert site.log[0].host == "site.test"


def test_connect_to_may_name_a_port(site: FaultServer) -> None:
    site.add("/", page("hello"))
    mapping = {"site.test:8080": site.address, "site.test": "127.0.0.1:9"}
    assert fetch(Request("http://site.test:8080/", allow_private=True), mapping).status == 200


def test_a_connect_to_that_names_a_host_is_a_configuration_error() -> None:
    with pytest.raises(PermanentError, match="numeric address") as caught:
        fetch(Request("http://site.test/", allow_private=True), {"site.test": "localhost:80"})
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_connection_that_was_allowed_is_not_lent_to_a_request_that_is_not(site: FaultServer) -> None:
    async def go() -> None:
        transport = HttpTransport()
        try:
            await transport.fetch(Request(f"{site.origin}/", allow_private=True))
            with pytest.raises(PermanentError):
                await transport.fetch(Request(f"{site.origin}/", allow_private=False))
        finally:
            await transport.close()

    asyncio.run(go())
    assert len(site.log) == 1


@pytest.mark.parametrize("kind", ["gzip", "deflate", "raw"])
def test_a_bomb_costs_no_more_memory_than_the_cap(site: FaultServer, kind: str) -> None:
    site.add("/bomb", bomb(kind))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(PermanentError, match="larger than 3000000 bytes") as caught:
        fetch(Request(f"{site.origin}/bomb", max_body_bytes=3_000_000, allow_private=True))
    assert caught.value.failure_domain is FailureDomain.RESOURCE
    grown_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kilobytes < 30_000


def test_a_body_of_exactly_the_cap_is_kept(site: FaultServer) -> None:
    site.add("/", gzipped(b"x" * 5_000))
    assert len(fetch(Request(f"{site.origin}/", max_body_bytes=5_000, allow_private=True)).body) == 5_000


def test_redirects_are_handed_back(site: FaultServer) -> None:
    site.add("/", status(302, Location="/next"))
    response = fetch(Request(f"{site.origin}/", allow_private=True))
    assert (response.status, response.headers["location"]) == (302, "/next")
    assert len(site.log) == 1


def test_cookies_are_not_sent_back(site: FaultServer) -> None:
    site.add("/", page("x", headers={"Set-Cookie": "id=1"}))

    async def go() -> None:
        transport = HttpTransport()
        for _ in range(2):
            await transport.fetch(Request(f"{site.origin}/", allow_private=True))
        await transport.close()

    asyncio.run(go())
    assert [seen.headers.get("cookie") for seen in site.log] == [None, None]


def test_the_url_is_sent_as_it_stands(site: FaultServer) -> None:
    target = "/a%2Fb%7e?q=a+b%20c&x=%C3%A9&&;=|"
    fetch(Request(f"{site.origin}{target}", allow_private=True))
    assert site.log[0].target == target


def test_a_server_that_is_not_there_is_transient() -> None:
    with FaultServer() as server:
        origin = server.origin
    with pytest.raises(TransientError) as caught:
        fetch(Request(origin, allow_private=True))
    assert caught.value.failure_domain is FailureDomain.TARGET


def test_a_certificate_that_does_not_verify_is_refused(tmp_path: Path) -> None:
    async def go() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self_signed(tmp_path))
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        transport = HttpTransport()
        try:
            await transport.fetch(Request(f"https://localhost:{port}/", allow_private=True))
        finally:
            await transport.close()
            server.close()

    with pytest.raises(PermanentError, match="certificate"):
        asyncio.run(go())


def self_signed(folder: Path) -> tuple[Path, Path]:
    import datetime as dt

    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_file, key_file

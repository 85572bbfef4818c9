"""The pool of proxies: what is in it, whose turn it is, and who stays away for how long."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.sources.model import Source
from webdata_assets.sources.policies import ProxyPolicy
from webdata_assets.stages.crawl.http.curl import CurlTransport
from webdata_assets.stages.crawl.http.proxies import (
    ProxiesExhaustedError,
    ProxyHealth,
    ProxyPool,
    label_of,
    proxies_of,
)
from webdata_assets.stages.crawl.http.proxy_urls import read_proxy
from webdata_assets.stages.crawl.transport import Transport
from webdata_assets_tests.crawl.loopback import RawServer, always, ok
from webdata_assets_tests.crawl.proxy_servers import HttpProxy, SocksProxy, closed_port
from webdata_assets_tests.crawl.transports import using

SECRET = "hunter2"
A, B, C = (f"http://user:{SECRET}@{name}.test:8080" for name in "abc")


class StillClock:
    """Passes only as it is slept on."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def policy(**values: Any) -> ProxyPolicy:
    return ProxyPolicy.model_validate({"pool": ["http://a.test:1"], **values})


def leases(pool: ProxyPool, count: int) -> list[str]:
    async def go() -> list[str]:
        return [await pool.lease() for _ in range(count)]

    return asyncio.run(go())


def source_with(*pool: str) -> Source:
    return Source.model_validate(
        {
            "name": "proxied",
            "description": "Reached through proxies",
            "start": "2026-06-01",
            "fetch": {
                "discover": [{"by": "urls", "start": ["https://example.org/"]}],
                **({"proxies": {"pool": list(pool)}} if pool else {}),
            },
            "extract": {"kind": "document"},
        }
    )


def test_proxies_take_turns() -> None:
    pool = ProxyPool([A, B, C], policy(), StillClock())
    assert leases(pool, 7) == [A, B, C, A, B, C, A]


def test_a_proxy_is_ejected_after_failures_in_a_row_and_comes_back() -> None:
    clock = StillClock()
    pool = ProxyPool([A, B], policy(eject_after_failures=3, eject_seconds=60), clock)
    for good in (False, False, True, False, False):
        pool.report(A, good)
    assert pool.healthy == 2
    pool.report(A, False)
    assert pool.healthy == 1
    assert leases(pool, 3) == [B, B, B]
    clock.now += 59.9
    assert leases(pool, 2) == [B, B]
    clock.now += 0.2
    assert set(leases(pool, 2)) == {A, B}


def test_a_proxy_that_came_back_is_ejected_by_its_next_failure() -> None:
    clock = StillClock()
    pool = ProxyPool([A, B], policy(eject_after_failures=2, eject_seconds=60), clock)
    pool.report(A, False)
    pool.report(A, False)
    clock.now += 61
    pool.report(A, False)
    assert leases(pool, 2) == [B, B]
    clock.now += 61
    pool.report(A, True)
    pool.report(A, False)
    assert set(leases(pool, 2)) == {A, B}


def test_failures_that_were_under_way_do_not_prolong_an_ejection() -> None:
    clock = StillClock()
    pool = ProxyPool([A, B], policy(eject_after_failures=1, eject_seconds=60), clock)
    pool.report(A, False)
    clock.now += 30
    pool.report(A, False)
    clock.now += 31
    assert pool.healthy == 2


def test_a_lease_waits_for_the_first_proxy_to_come_back() -> None:
    clock = StillClock()
    pool = ProxyPool([A, B], policy(eject_after_failures=1, eject_seconds=20, max_wait_seconds=60), clock)
    pool.report(A, False)
    clock.now += 5
    pool.report(B, False)
    assert leases(pool, 1) == [A]
    assert clock.slept == [pytest.approx(15)]


def test_an_exhausted_pool_gives_up_after_the_longest_wait() -> None:
    clock = StillClock()
    pool = ProxyPool([A, B], policy(eject_after_failures=1, eject_seconds=600, max_wait_seconds=30), clock)
    pool.report(A, False)
    pool.report(B, False)
    with pytest.raises(ProxiesExhaustedError, match="all 2 proxies are ejected") as caught:
        leases(pool, 1)
    assert isinstance(caught.value, TransientError)
    assert caught.value.failure_domain is FailureDomain.ACCESS
    assert sum(clock.slept) == pytest.approx(30)
    assert SECRET not in str(caught.value)


def test_a_pool_without_proxies_is_a_configuration_error() -> None:
    with pytest.raises(PermanentError) as caught:
        ProxyPool([], policy(), StillClock())
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_variables_are_expanded_and_lists_are_parted() -> None:
    source = source_with(
        "${LIST}", "socks5h://${NAME}:${WORD}@s.test:1080", "http://plain.test:3128", "${ONE}"
    )
    environ = {"LIST": f" {A}, {B},", "NAME": "me", "WORD": "a%2Cb,c", "ONE": A}
    assert proxies_of(source, environ) == (
        A,
        B,
        "socks5h://me:a%2Cb,c@s.test:1080",
        "http://plain.test:3128",
    )
    assert proxies_of(source_with(), {}) == ()


@pytest.mark.parametrize("environ", [{}, {"PROXIES": ""}])
def test_a_missing_variable_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(PermanentError, match="proxy 2 takes the environment variable PROXIES") as caught:
        proxies_of(source_with("http://a.test:1", "${PROXIES}"), environ)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


@pytest.mark.parametrize(
    "value", [f"http://me:{SECRET}/x@a.test:1", f"{SECRET}", f"ftp://me:{SECRET}@a:1", f"http://{SECRET}"]
)
def test_a_proxy_that_cannot_be_read_is_not_repeated(value: str) -> None:
    with pytest.raises(PermanentError, match=r"^source proxied: fetch\.proxies\.pool: proxy 1 ") as caught:
        proxies_of(source_with("${PROXIES}"), {"PROXIES": value})
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_labels_and_reprs_have_no_credentials() -> None:
    assert label_of(A) == "http://a.test:8080"
    assert label_of("socks5h://[::1]:1080") == "socks5h://[::1]:1080"
    pool = ProxyPool([A, B], policy(), StillClock())
    assert repr(pool) == "ProxyPool(['http://a.test:8080', 'http://b.test:8080'])"
    assert "user" not in repr(read_proxy(A))
    assert SECRET not in repr(read_proxy(A))


@given(st.text("ab@:/%#? \\", max_size=12), st.text("ab@:/%#? \\", max_size=12))
def test_a_label_never_holds_a_password(user: str, password: str) -> None:
    label = label_of(f"http://{user}:x{SECRET}{password}@host.test:1")
    assert label == "http://host.test:1"


def test_the_check_ejects_the_proxies_that_bring_no_answer() -> None:
    down = f"http://user:{SECRET}@127.0.0.1:{closed_port()}"
    with (
        RawServer(always(ok(b"page"))) as site,
        HttpProxy({"site.test": site.address}, user="user", password=SECRET) as good,
        HttpProxy({"site.test": site.address}, user="user", password="other") as locked,
        SocksProxy({"site.test:80": site.address}) as socks,
    ):
        working = f"http://user:{SECRET}@{good.address}"
        proxies = [working, f"http://user:{SECRET}@{locked.address}", down, f"socks5h://{socks.address}"]
        pool = ProxyPool(proxies, policy(), StillClock())

        async def check(transport: Transport) -> list[ProxyHealth]:
            return await pool.check(
                transport, "http://site.test/", allow_private=True, timeout_seconds=5, headers={"x-a": "b"}
            )

        health = using(CurlTransport, check)
    assert [(one.label, one.ok) for one in health] == [
        (f"http://{good.address}", True),
        (f"http://{locked.address}", False),
        (label_of(down), False),
        (f"socks5h://{socks.address}", True),
    ]
    assert "407" in str(health[1].reason)
    assert "Could not connect" in str(health[2].reason)
    assert (health[0].reason, good.asked[0].headers["x-a"]) == (None, "b")
    assert SECRET not in repr(health)
    assert leases(pool, 3) == [working, f"socks5h://{socks.address}", working]


@pytest.mark.parametrize(("status", "is_ok"), [(b"404 Not Found", True), (b"503 Unavailable", False)])
def test_an_answer_below_500_is_healthy(status: bytes, is_ok: bool) -> None:
    with RawServer(always(ok(status=status))) as site, HttpProxy({"site.test": site.address}) as proxy:
        pool = ProxyPool([f"http://{proxy.address}"], policy(), StillClock())

        async def check(transport: Transport) -> list[ProxyHealth]:
            return await pool.check(transport, "http://site.test/", allow_private=True, timeout_seconds=5)

        (health,) = using(CurlTransport, check)
    assert health.ok is is_ok
    assert pool.healthy == int(is_ok)

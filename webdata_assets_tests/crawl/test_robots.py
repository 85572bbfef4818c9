"""robots.txt of an origin: kept for a day, waited for when it cannot be had, and fetched once at a time."""

import asyncio

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.crawl.politeness.robots import MAX_AGE_SECONDS, Robots, RobotsUnavailableError
from webdata_assets.stages.crawl.transport import Response
from webdata_assets_tests.crawl.hand_clock import HandClock

CLOSED = b"User-agent: *\nDisallow: /closed\n"
URL = "https://a.test/closed"


class Origin:
    """Answers for robots.txt with what it is told to, and counts."""

    def __init__(self, status: int = 200, body: bytes = CLOSED) -> None:
        self.status = status
        self.body = body
        self.error: Exception | None = None
        self.asked: list[str] = []

    async def fetch(self, url: str) -> Response | None:
        self.asked.append(url)
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return Response(url, self.status, {}, self.body, 1)


def robots_of(origin: Origin, clock: HandClock | None = None) -> Robots:
    return Robots("webdata-assets/0.1", origin.fetch, clock or HandClock())


async def test_many_visits_at_once_lead_to_one_fetch_for_each_origin() -> None:
    origin = Origin()
    robots = robots_of(origin)
    urls = [f"{site}/{page}" for page in range(20) for site in ("https://a.test", "https://a.test:8443")]
    await asyncio.gather(*map(robots.ask, urls))
    assert sorted(origin.asked) == ["https://a.test/robots.txt", "https://a.test:8443/robots.txt"]


async def test_what_is_known_is_told_without_waiting() -> None:
    robots = robots_of(Origin())
    assert robots.known(URL) is None
    verdict = await robots.ask(URL)
    assert robots.known(URL) == verdict
    assert not verdict.allowed
    open_page = robots.known("https://a.test/open?q=closed")
    assert open_page is not None and open_page.allowed


async def test_it_is_fetched_again_after_a_day() -> None:
    origin, clock = Origin(), HandClock()
    robots = robots_of(origin, clock)
    await robots.ask(URL)
    clock.now += MAX_AGE_SECONDS - 1
    assert robots.known(URL) is not None
    clock.now += 1
    assert robots.known(URL) is None
    origin.body = b""
    assert (await robots.ask(URL)).allowed
    assert len(origin.asked) == 2


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410])
async def test_an_origin_without_one_allows_everything(status: int) -> None:
    assert (await robots_of(Origin(status)).ask(URL)).allowed


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_origin_in_trouble_is_to_be_waited_for(status: int) -> None:
    with pytest.raises(RobotsUnavailableError, match=r"robots\.txt of https://a\.test") as caught:
        await robots_of(Origin(status)).ask(URL)
    assert caught.value.failure_domain is FailureDomain.TARGET


async def test_a_failure_is_remembered_for_a_while_and_then_tried_again_ever_more_rarely() -> None:
    origin, clock = Origin(503), HandClock()
    robots = robots_of(origin, clock)
    waits = []
    for _ in range(8):
        with pytest.raises(RobotsUnavailableError) as caught:
            await robots.ask(URL)
        assert caught.value.retry_after_seconds is not None
        waits.append(caught.value.retry_after_seconds)
        with pytest.raises(RobotsUnavailableError):
            await robots.ask(URL)
        clock.now += waits[-1]
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert len(origin.asked) == 8
    origin.status = 200
    assert not (await robots.ask(URL)).allowed


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 2), (600.0, 600), (float("inf"), 3600)])
async def test_retry_after_of_a_failure_is_heeded_and_capped(asked: float, waited: float) -> None:
    origin = Origin()
    origin.error = TransientError("429", failure_domain=FailureDomain.TARGET, retry_after_seconds=asked)
    with pytest.raises(RobotsUnavailableError) as caught:
        await robots_of(origin).ask(URL)
    assert caught.value.retry_after_seconds == waited


async def test_an_old_copy_serves_while_no_new_one_is_to_be_had() -> None:
    origin, clock = Origin(), HandClock()
    robots = robots_of(origin, clock)
    await robots.ask(URL)
    clock.now += MAX_AGE_SECONDS
    origin.status = 503
    assert not (await robots.ask(URL)).allowed
    assert robots.known(URL) is not None
    assert len(origin.asked) == 2


async def test_what_no_second_try_mends_is_a_matter_of_access() -> None:
    origin = Origin()
    origin.error = PermanentError("its certificate is not valid", failure_domain=FailureDomain.TARGET)
    with pytest.raises(PermanentError, match="certificate") as caught:
        await robots_of(origin).ask(URL)
    assert caught.value.failure_domain is FailureDomain.ACCESS


async def test_a_fault_of_the_configuration_comes_as_it_is() -> None:
    origin = Origin()
    origin.error = PermanentError("no browser", failure_domain=FailureDomain.CONFIGURATION)
    with pytest.raises(PermanentError) as caught:
        await robots_of(origin).ask(URL)
    assert caught.value is origin.error


async def test_a_cancelled_visit_leaves_the_answer_to_the_others() -> None:
    origin = Origin()
    robots = robots_of(origin)
    first, second = asyncio.create_task(robots.ask(URL)), asyncio.create_task(robots.ask(URL))
    await asyncio.sleep(0)
    first.cancel()
    assert not (await second).allowed
    assert len(origin.asked) == 1


async def test_closing_ends_what_is_under_way() -> None:
    async def never(url: str) -> Response | None:
        await asyncio.Event().wait()
        return None

    robots = Robots("webdata-assets/0.1", never)
    visit = asyncio.create_task(robots.ask(URL))
    await asyncio.sleep(0.01)
    await robots.close()
    with pytest.raises(asyncio.CancelledError):
        await visit

"""The spool: what a killed crawl keeps, and what the next one does with it."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.crawl.discovery import Found
from webdata_assets.stages.crawl.folder_spool import FolderSpool, GroupedWriter
from webdata_assets.stages.crawl.rows import Visit, visit_from_json, visit_to_json
from webdata_assets_tests.crawl.harness import (
    DATE,
    NOW,
    START,
    Crawling,
    hashed,
    outcomes,
    source_of,
    starting,
    urls,
)
from webdata_assets_tests.crawl.killable import CONCURRENCY, big_site
from webdata_assets_tests.site.answers import drop, in_turn, links, page, slow, with_validators

PAGES = 120


def entry(path: str, body: bytes | None = b"x") -> bytes:
    digest = None if body is None else blake3(body).hexdigest()
    return orjson.dumps({"url": START + path, "outcome": "fetched", "payload_hash": digest})


def read(spool: FolderSpool) -> dict[str, bytes | None]:
    """URL → payload."""
    return {values["url"]: spool.payload(place) for values, place in spool.entries()}


def build_big_site(crawling: Crawling) -> None:
    """A tree of links, three to a page, each page a little slow."""
    for number in range(PAGES):
        children = [f"/{child}" for child in range(3 * number + 1, 3 * number + 4) if child < PAGES]
        crawling.site.add(f"/{number or ''}", slow(0.01, links(*children, "/")))


@pytest.mark.parametrize(
    "kill_after", [pytest.param(1, marks=pytest.mark.soak), 30, pytest.param(80, marks=pytest.mark.soak)]
)
def test_a_killed_crawl_resumes_and_ends_as_if_undisturbed(
    crawling: Crawling, tmp_path: Path, kill_after: int
) -> None:
    build_big_site(crawling)
    undisturbed = crawling.run(big_site())
    crawling.site.log.clear()

    command = [
        sys.executable,
        "-m",
        "webdata_assets_tests.crawl.killable",
        crawling.site.address,
        str(tmp_path / "s"),
    ]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    deadline = time.monotonic() + 30
    while len(crawling.site.targets()) < kill_after and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.wait()

    before = len(crawling.site.targets())
    assert kill_after <= before < PAGES
    crawling.spool = FolderSpool(tmp_path / "s")
    resumed = crawling.run(big_site())
    assert hashed(resumed.pages).equals(hashed(undisturbed.pages))
    assert resumed.pages["payload"].equals(undisturbed.pages["payload"])
    fetched_twice = len(crawling.site.targets()) - PAGES
    assert 0 <= fetched_twice <= CONCURRENCY
    assert resumed.resumed == before - fetched_twice


def test_a_second_call_with_the_same_spool_requests_no_page(crawling: Crawling) -> None:
    build_big_site(crawling)
    crawling.site.add("/7", drop())
    source = big_site()
    first = crawling.run(source, keep_spool=True)
    asked = len(crawling.site.targets())
    second = crawling.run(source)
    assert len(crawling.site.targets()) == asked
    assert second.resumed == first.pages.height
    assert second.pages.equals(first.pages)
    assert second.dead_letters.equals(first.dead_letters)


def test_links_of_an_unchanged_page_are_found_again_after_a_crash(crawling: Crawling) -> None:
    crawling.site.add("/list", with_validators('<a class="i" href="/a">a</a>', etag='"1"'))
    crawling.site.add("/a", page("a"))
    source = source_of(starting("listing", "list", items=".i"))
    first = crawling.run(source)
    next_day = DATE.replace(day=3)
    crawling.run(source, date=next_day, after=first.pages, keep_spool=True)
    asked = len(crawling.site.targets())
    again = crawling.run(source, date=next_day, after=first.pages)
    assert outcomes(again) == {"/a": "unchanged", "/list": "unchanged"}
    assert len(crawling.site.targets()) == asked


def test_a_bug_in_the_callers_code_is_raised_as_it_is(crawling: Crawling) -> None:
    crawling.site.add("/list", with_validators("x", etag='"1"'))
    source = source_of(starting("listing", "list", items=".i"))
    first = crawling.run(source)
    crawling.stored = None  # type: ignore[assignment]
    with pytest.raises(TypeError):
        crawling.run(
            source, date=DATE.replace(day=3), after=first.pages.drop("payload").with_columns(payload=None)
        )


@given(st.lists(st.one_of(st.none(), st.binary(max_size=2_000)), min_size=1, max_size=20))
def test_what_was_appended_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes | None]
) -> None:
    spool = FolderSpool(tmp_path_factory.mktemp("spool"))
    assert spool.is_empty()
    half = len(bodies) // 2
    places = []
    for part in (range(half), range(half, len(bodies))):
        if part:
            places += spool.append([(entry(str(number), bodies[number]), bodies[number]) for number in part])
    with FolderSpool(spool.folder).reader() as payload_at:
        assert [payload_at(place) for place in places] == bodies
    assert read(spool) == {f"{START}{number}": body for number, body in enumerate(bodies)}


@pytest.mark.parametrize("behind", [b"", bytes(300)])
@given(data=st.data())
def test_an_entry_that_a_kill_left_torn_is_passed_over(
    tmp_path_factory: pytest.TempPathFactory, behind: bytes, data: st.DataObject
) -> None:
    spool = FolderSpool(tmp_path_factory.mktemp("spool"))
    [first] = spool.append([(entry("whole"), b"x")])
    body = bytes(range(256)) * 4
    spool.append([(entry("torn", body), body), (entry("nothing", None), None)])
    spool.close()
    segment = spool.folder / first.segment
    written = segment.read_bytes()
    end_of_first = first.offset + first.size
    torn_at = data.draw(st.integers(end_of_first, len(written) - 1))
    segment.write_bytes(written[:torn_at] + behind)
    found = read(spool)
    assert found.items() <= {START + "whole": b"x", START + "torn": body}.items()
    assert START + "whole" in found


def test_each_process_writes_a_segment_of_its_own(tmp_path: Path) -> None:
    one, other = FolderSpool(tmp_path), FolderSpool(tmp_path)
    one.append([(entry("a", b"x"), b"x")])
    other.append([(entry("b", b"y"), b"y")])
    one.append([(entry("c", b"z"), b"z")])
    assert read(FolderSpool(tmp_path)) == {START + "a": b"x", START + "b": b"y", START + "c": b"z"}
    assert len(list(tmp_path.iterdir())) == 2


def test_a_dropped_spool_is_empty(tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    spool.append([(entry("a"), None)])
    spool.note("job", {"id": 1})
    spool.drop()
    spool.drop()
    assert spool.is_empty()
    assert spool.read_note("job") is None


def test_a_note_replaces_the_one_before(tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    assert spool.read_note("job ../x") is None
    spool.note("job ../x", {"cursor": None})
    spool.note("job ../x", {"cursor": "2"})
    assert spool.read_note("job ../x") == {"cursor": "2"}


def test_a_visit_is_the_same_after_the_spool() -> None:
    visit = Visit(
        "fetched",
        final_url=START,
        http_status=200,
        payload_hash="ab" * 32,
        payload_date=DATE,
        attempts=2,
        fetched_at=NOW,
        first_tried_at=NOW,
        links=[Found(START + "a", "content", NOW), Found(START + "b", "both")],
        links_rule="1",
    )
    assert visit_from_json(orjson.loads(orjson.dumps(visit_to_json(visit)))) == visit


async def test_entries_that_finish_together_share_a_segment(tmp_path: Path) -> None:
    writer = GroupedWriter(FolderSpool(tmp_path))
    await asyncio.gather(*(writer.write(entry(str(number)), b"x") for number in range(50)))
    assert len(read(FolderSpool(tmp_path))) == 50
    assert len(list(tmp_path.iterdir())) <= 3


async def test_a_write_that_fails_is_not_taken_for_done(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    writer = GroupedWriter(FolderSpool(blocked))
    results = await asyncio.gather(
        *(writer.write(entry(str(n)), None) for n in range(3)), return_exceptions=True
    )
    assert all(isinstance(result, OSError) for result in results)


def test_a_failed_page_stays_failed_in_the_same_spool(crawling: Crawling) -> None:
    crawling.site.add("/page", in_turn(drop(), drop(), drop(), page("late")))
    source = source_of(urls("page"))
    assert outcomes(crawling.run(source, keep_spool=True)) == {"/page": "failed"}
    assert outcomes(crawling.run(source)) == {"/page": "failed"}

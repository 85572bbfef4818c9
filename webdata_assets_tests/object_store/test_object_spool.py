"""The spool in an object store: kept, read and dropped as the one in a folder."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest
from blake3 import blake3

from webdata_assets.errors import TransientError
from webdata_assets.stages.crawl.object_spool import ObjectSpool
from webdata_assets.stages.crawl.spool import Spool
from webdata_assets.stages.objects import Objects
from webdata_assets_tests.servers.s3 import S3Place


def entry(url: str, body: bytes | None) -> bytes:
    digest = None if body is None else blake3(body).hexdigest()
    return orjson.dumps({"url": url, "outcome": "fetched", "payload_hash": digest})


def read(spool: Spool) -> dict[str, bytes | None]:
    """URL → payload."""
    return {values["url"]: spool.payload(place) for values, place in spool.entries()}


@pytest.fixture
def objects(s3_server: S3Place) -> Objects:
    return Objects(s3_server.uri, s3_server.options)


def test_another_machine_reads_what_was_appended(objects: Objects, tmp_path: Path) -> None:
    bodies = {"a": b"x" * 9_000_000, "b": b"y" * 9_000_000, "c": None, "d": b"", "e": b"{}\n"}
    spool = ObjectSpool(objects, tmp_path / "one")
    assert spool.is_empty()
    places = spool.append([(entry(url, body), body) for url, body in bodies.items()])
    other = ObjectSpool(objects, tmp_path / "other")
    assert read(other) == bodies
    assert not other.is_empty()
    with other.reader() as payload_at:
        assert [payload_at(place) for place in places] == list(bodies.values())
    # no object grows beyond what a reader holds at once
    assert len({place.segment for place in places}) == 2


def test_a_segment_is_read_from_the_store_once(objects: Objects, tmp_path: Path) -> None:
    [place] = ObjectSpool(objects, tmp_path / "one").append([(entry("a", b"x"), b"x")])
    other = ObjectSpool(objects, tmp_path / "other")
    assert other.payload(place) == b"x"
    objects.delete([info.key for info in objects.list()])
    assert other.payload(place) == b"x"
    with pytest.raises(TransientError, match="dropped the spool"):
        ObjectSpool(objects, tmp_path / "third").payload(place)


def test_entries_that_finish_during_a_put_share_the_next_one(objects: Objects, tmp_path: Path) -> None:
    async def write() -> None:
        writer = ObjectSpool(objects, tmp_path / "one").writer()
        first = asyncio.create_task(writer.write(entry("first", b"x"), b"x"))
        await asyncio.sleep(0.001)
        await asyncio.gather(first, *(writer.write(entry(str(n), b"x"), b"x") for n in range(50)))
        await writer.close()

    asyncio.run(write())
    assert len(read(ObjectSpool(objects, tmp_path / "other"))) == 51
    assert len([info for info in objects.list() if info.key.endswith(".entries")]) <= 3


async def test_a_put_that_fails_is_told_to_every_writer(tmp_path: Path) -> None:
    class Broken(ObjectSpool):
        def append(self, entries: object) -> list[object]:  # type: ignore[override]
            raise MemoryError("bug or not, nobody waits for ever")

    writer = Broken(Objects("s3://bucket"), tmp_path).writer()
    results = await asyncio.gather(
        *(writer.write(entry(str(n), None), None) for n in range(3)), return_exceptions=True
    )
    await writer.close()
    assert [type(result) for result in results] == [MemoryError] * 3


def test_notes_and_entries_go_with_a_drop(objects: Objects, tmp_path: Path) -> None:
    spool = ObjectSpool(objects, tmp_path / "one")
    spool.drop()
    spool.append([(entry("a", None), None)])
    spool.note("job ../x", {"cursor": None})
    spool.note("job ../x", {"cursor": "2"})
    assert ObjectSpool(objects, tmp_path / "other").read_note("job ../x") == {"cursor": "2"}
    spool.drop()
    assert spool.is_empty()
    assert spool.read_note("job ../x") is None
    assert list(objects.list()) == []
    assert not spool.scratch.exists()


def test_what_a_process_adds_after_a_drop_is_in_no_later_spool(objects: Objects, tmp_path: Path) -> None:
    one, late = (ObjectSpool(objects, tmp_path / name) for name in ("one", "late"))
    for spool, url in ((one, "a"), (late, "b")):
        spool.append([(entry(url, b"x"), b"x")])
    assert set(read(one)) == {"a", "b"}
    one.drop()
    late.append([(entry("c", b"x"), b"x")])
    late.note("job", {"id": 1})
    following = ObjectSpool(objects, tmp_path / "following")
    assert following.is_empty() and following.read_note("job") is None
    following.append([(entry("d", b"x"), b"x")])
    assert set(read(following)) == {"d"}
    following.drop()
    assert list(objects.list()) == []


def test_processes_that_begin_at_once_share_one_spool(objects: Objects, tmp_path: Path) -> None:
    spools = [ObjectSpool(objects, tmp_path / str(number)) for number in range(8)]
    with ThreadPoolExecutor(len(spools)) as pool:
        list(pool.map(lambda spool: spool.append([(entry(str(id(spool)), None), None)]), spools))
    assert set(read(spools[0])) == {str(id(spool)) for spool in spools}


class KilledError(BaseException):
    """Stands for the end of a process."""


@pytest.mark.parametrize("deletions", [0, 1])
def test_half_a_drop_leaves_nothing_that_is_read(
    objects: Objects, tmp_path: Path, deletions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = ObjectSpool(objects, tmp_path / "one")
    for url in ("a", "b"):
        spool.append([(entry(url, b"x"), b"x")])
    spool.note("job", {"id": 1})
    delete = Objects.delete

    def delete_some(self: Objects, keys: list[str]) -> None:
        delete(self, keys[:deletions])
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Objects, "delete", delete_some)
        with pytest.raises(KilledError):
            spool.drop()
    following = ObjectSpool(objects, tmp_path / "other")
    assert following.is_empty()
    assert following.read_note("job") is None
    following.append([(entry("c", b"y"), b"y")])
    assert read(ObjectSpool(objects, tmp_path / "third")) == {"c": b"y"}
    following.drop()
    assert list(objects.list()) == []

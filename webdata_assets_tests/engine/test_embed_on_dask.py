"""Texts encoded by Dask workers: the same vectors, bit for bit, by an encoder that is opened once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.resources import EncoderResource
from webdata_assets.stages.embed.encoders import spread
from webdata_assets.stages.embed.encoders.spec import EncoderSpec, load_encoder
from webdata_assets.stages.embed.encoders.spread import SpreadEncoder, encode_with_kept_encoder, is_spread
from webdata_assets_tests.embed.encoders.folders import write_onnx

TEXTS = [f"the lamp number {number} and {'a b c ' * (number % 7)}" for number in range(100)]


@pytest.fixture
def spec(tmp_path):
    return EncoderSpec(folder=tmp_path, kind="onnx", model=str(write_onnx(tmp_path / "model")))


def test_the_vectors_are_those_of_this_machine(engine, spec):
    here, told = load_encoder(spec), []
    there = SpreadEncoder(here, spec, engine)
    found = there.encode(TEXTS, lambda done, of: told.append((done, of)))
    assert found.tobytes() == here.encode(TEXTS).tobytes()
    assert told[-1] == (100, 100)
    assert there.encode([]).shape == (0, here.dimensions)
    assert there.encode_queries(["lamp"]).tobytes() == here.encode_queries(["lamp"]).tobytes()
    assert there.token_offsets("the lamp") == here.token_offsets("the lamp")


def test_the_default_encoders_vectors_are_those_of_this_machine(dask, engine, encoder_folder):
    if not (dask.home / "encoders").exists():
        (dask.home / "encoders").symlink_to(encoder_folder)
    spec = EncoderSpec(folder=encoder_folder)
    here = load_encoder(spec)
    assert SpreadEncoder(here, spec, engine).encode(TEXTS[:40]).tobytes() == here.encode(TEXTS[:40]).tobytes()


def test_the_resource_spreads_what_can_be_spread(dask, spec):
    resource = EncoderResource(folder=str(spec.folder), kind="onnx", model=spec.model, engine=dask.address)
    encoder = resource.load()
    assert isinstance(encoder, SpreadEncoder)
    assert resource.load() is encoder
    assert encoder.encode(["lamp"]).tobytes() == load_encoder(spec).encode(["lamp"]).tobytes()
    resource.teardown_after_execution(None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("default", True),
        ("onnx", True),
        ("static", False),
        ("sentence-transformers", False),
        ("openai", False),
    ],
)
def test_encoders_that_would_gain_nothing_or_differ_stay_here(tmp_path, kind, expected):
    assert is_spread(EncoderSpec(folder=tmp_path, kind=kind)) is expected


def test_a_machine_with_another_model_is_refused(engine, spec, tmp_path):
    here = load_encoder(spec)
    here.model_id = "another@1/as-is/mean/64"
    with pytest.raises(PermanentError, match="another@1") as caught:
        SpreadEncoder(here, spec, engine).encode(["lamp"])
    assert caught.value.failure_domain is FailureDomain.MODEL


def test_a_model_that_is_missing_there_is_an_error_that_names_its_folder(engine, spec, tmp_path):
    there = SpreadEncoder(load_encoder(spec), replace(spec, model=str(tmp_path / "nowhere")), engine)
    with pytest.raises(PermanentError, match="nowhere"):
        there.encode(["lamp"])


def test_an_encoder_is_opened_once_for_all_threads_of_a_process(spec, monkeypatch):
    opened = []

    def load(spec):
        opened.append(spec)
        return load_encoder(spec)

    monkeypatch.setattr(spread, "load_encoder", load)
    model_id = load_encoder(spec).model_id
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda text: encode_with_kept_encoder(spec, model_id, [text]), TEXTS[:8]))
    assert len(opened) == 1


def test_a_key_does_not_travel(spec):
    class Seen:
        def map(self, function, inputs):
            assert "hunter2" not in str((vars(function.args[0]), list(inputs)))
            return iter(())

    SpreadEncoder(load_encoder(spec), replace(spec, key="hunter2"), Seen()).encode(["lamp"])

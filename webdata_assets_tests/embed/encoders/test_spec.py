"""Which encoder the settings choose, its id, and what contradicts itself."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.resources import EncoderResource
from webdata_assets.settings import Settings
from webdata_assets.stages.embed.encoders import local
from webdata_assets.stages.embed.encoders.checkpoint import WEIGHTS
from webdata_assets.stages.embed.encoders.spec import EncoderSpec, expected_model_id, load_encoder
from webdata_assets_tests.embed.encoders.folders import write_onnx
from webdata_assets_tests.embed.tiny import REAL_ENCODERS, real_encoder_or_skip


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_settings_it_is_the_default(nowhere):
    spec = EncoderSpec.of(Settings())
    assert spec == EncoderSpec(folder=nowhere / ".webdata" / "encoders")
    assert expected_model_id(spec) == f"all-MiniLM-L6-v2@{WEIGHTS.sha256[:12]}/int8/mean/256"
    assert not (nowhere / ".webdata").exists()


def test_every_variable_reaches_the_spec_and_the_resource(nowhere, monkeypatch):
    values = {
        "": "openai", "_MODEL": "small", "_MAX_TOKENS": "128", "_URL": "https://host/v1", "_KEY": "sk-canary",
        "_REQUESTS_PER_MINUTE": "9", "_PRICE": "0.02", "_DIR": "/files",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"WEBDATA_ENCODER{name}", value)
    spec = EncoderSpec.of(Settings())
    assert spec == EncoderSpec(
        folder=nowhere / ".webdata" / "encoders",
        given=Path("/files"),
        kind="openai",
        model="small",
        max_tokens=128,
        url="https://host/v1",
        key="sk-canary",
        requests_per_minute=9,
        price=0.02,
    )
    resource = EncoderResource.of(Settings())
    assert resource.spec() == spec
    assert resource.expected_model_id() == "small@host/float/endpoint/128"
    for shown in (repr(spec), repr(resource), resource.model_dump_json(), repr(Settings())):
        assert "sk-canary" not in shown


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kind": "word2vec"}, "WEBDATA_ENCODER=word2vec is unknown; it is one of default, onnx"),
        ({"model": "bge"}, "WEBDATA_ENCODER_MODEL=bge says nothing to the default encoder; unset it"),
        ({"url": "https://host/v1"}, "WEBDATA_ENCODER_URL says nothing to WEBDATA_ENCODER=default; unset it"),
        ({"precision": "bf16"}, "WEBDATA_ENCODER_PRECISION=bf16 .* set it to auto or int8 or fp32"),
        ({"max_tokens": 257}, "WEBDATA_ENCODER_MAX_TOKENS=257 is not between 16 and the 256 tokens"),
        ({"max_tokens": 3}, "WEBDATA_ENCODER_MAX_TOKENS=3"),
        ({"kind": "onnx"}, "WEBDATA_ENCODER=onnx needs WEBDATA_ENCODER_MODEL"),
        ({"kind": "onnx", "model": "/m", "precision": "int8"}, "WEBDATA_ENCODER_PRECISION=int8"),
        ({"kind": "static", "model": "/nowhere"}, "WEBDATA_ENCODER_MODEL=/nowhere is no folder"),
        ({"kind": "sentence-transformers", "model": "m", "precision": "int8"}, "to auto or fp32 or bf16"),
        ({"kind": "openai", "model": "m"}, "WEBDATA_ENCODER=openai needs WEBDATA_ENCODER_URL"),
        ({"kind": "openai", "model": "m", "url": "https://h/v1", "max_tokens": 2}, "MAX_TOKENS=2"),
    ],
)
def test_contradictions_name_variable_and_remedy(tmp_path, changed, message):
    spec = dataclasses.replace(EncoderSpec(folder=tmp_path), **changed)
    for refuse in (expected_model_id, load_encoder):
        with pytest.raises(PermanentError, match=message) as caught:
            refuse(spec)
        assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_a_missing_extra_is_named():
    with pytest.raises(
        PermanentError, match=r"not_a_module is not installed: pip install 'webdata_assets\[x\]'"
    ):
        local.import_extra("not_a_module", "x")


def test_the_loaded_encoder_has_the_expected_id(tmp_path):
    spec = EncoderSpec(
        folder=tmp_path, kind="onnx", model=str(write_onnx(tmp_path / "lookup")), max_tokens=20
    )
    assert load_encoder(spec).model_id == expected_model_id(spec)


def test_the_default_in_both_precisions_ranks_alike():
    real_encoder_or_skip()
    texts = ["The kettle boils.", "Water is heated in a pot.", "Parliament voted on the budget."]
    vectors = {}
    for precision in ("int8", "fp32"):
        spec = EncoderSpec(folder=REAL_ENCODERS, precision=precision, max_tokens=64)
        encoder = load_encoder(spec)
        assert encoder.model_id == expected_model_id(spec)
        assert encoder.model_id.endswith(f"/{precision}/mean/64")
        assert encoder.max_tokens == 64
        vectors[precision] = encoder.encode(texts)
    assert (vectors["int8"] * vectors["fp32"]).sum(axis=1).min() >= 0.98


def test_the_resource_loads_once(tmp_path):
    resource = EncoderResource(folder=str(tmp_path), kind="onnx", model=str(write_onnx(tmp_path / "lookup")))
    encoder = resource.load()
    assert resource.load() is encoder
    assert np.isfinite(encoder.encode(["the"])).all()

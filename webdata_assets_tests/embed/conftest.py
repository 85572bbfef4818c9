"""Encoders for the tests: the real one where its weights can be had, and a tiny one."""

import pytest

from webdata_assets.stages.embed.encoders.onnx_runtime import OnnxEncoder
from webdata_assets_tests.embed.tiny import real_encoder_or_skip, tiny_encoder


@pytest.fixture(scope="session")
def encoder() -> OnnxEncoder:
    return real_encoder_or_skip()


@pytest.fixture
def tiny() -> OnnxEncoder:
    return tiny_encoder()

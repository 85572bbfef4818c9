"""The real encoder, where its weights can be had."""

import pytest

from webdata_assets.stages.embed.encoder import Encoder
from webdata_assets_tests.embed.tiny import real_encoder_or_skip


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return real_encoder_or_skip()

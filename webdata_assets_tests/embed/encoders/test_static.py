"""A model2vec model from a folder."""

from pathlib import Path

import numpy as np
import pytest
from model2vec import StaticModel
from tokenizers import Tokenizer, models, pre_tokenizers

from webdata_assets.errors import PermanentError
from webdata_assets.stages.embed.encoders.static import StaticEncoder, static_id

WORDS = ("[UNK]", "red", "green", "kettle")
TABLE = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 1, 0]], dtype=np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer = Tokenizer(
        models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    StaticModel(TABLE, tokenizer).save_pretrained(tmp_path / "words")
    return tmp_path / "words"


def test_vectors_are_means_of_token_vectors_at_unit_length(folder):
    vectors = StaticEncoder(folder).encode(["red", "red green", "kettle red"])
    wanted = np.array([[1, 0, 0], [1, 1, 0], [2, 1, 0]], dtype=np.float32)
    np.testing.assert_allclose(vectors, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), atol=1e-6)


def test_a_text_without_a_known_word_still_gets_a_unit_vector(folder):
    vector = StaticEncoder(folder).encode(["nothing known"])
    assert np.linalg.norm(vector) == pytest.approx(1)


def test_texts_are_cut_and_the_id_says_so(folder):
    encoder = StaticEncoder(folder, 16)
    long = " ".join(["red"] * 16 + ["green"] * 50)
    np.testing.assert_allclose(encoder.encode([long])[0], [1, 0, 0], atol=1e-6)
    assert encoder.model_id.endswith("/as-is/static/16")
    assert encoder.model_id == static_id(folder, 16) != static_id(folder)


def test_offsets_are_of_the_text_and_do_not_end_at_the_limit(folder):
    text = " ".join(["red"] * 30)
    offsets = StaticEncoder(folder, 16).token_offsets(text)
    assert [text[start:end] for start, end in offsets] == ["red"] * 30


def test_progress_is_told(folder):
    seen = []
    StaticEncoder(folder).encode(["red"] * 3, lambda done, total: seen.append((done, total)))
    assert seen == [(3, 3)]


def test_no_text_gives_no_vector(folder):
    assert StaticEncoder(folder).encode([]).shape == (0, 3)


def test_a_missing_file_is_named(folder):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(PermanentError, match=r"holds no tokenizer\.json"):
        StaticEncoder(folder)

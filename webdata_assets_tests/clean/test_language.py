import polars as pl
import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.stages.clean import language
from webdata_assets.stages.clean.language import detect_languages
from webdata_assets.stages.clean.tokens import count_tokens

SENTENCES = {
    "en": "The library will be closed on Monday because of a public holiday.",
    "de": "Die Bibliothek bleibt am Montag wegen eines Feiertags geschlossen.",
    "fr": "La bibliothèque sera fermée lundi en raison d'un jour férié.",
    "ru": "Библиотека будет закрыта в понедельник из-за праздничного дня.",
    "ja": "図書館は祝日のため月曜日は休館となりますのでご注意ください。",
}


def test_languages_are_told_by_the_text() -> None:
    found = detect_languages(pl.Series(list(SENTENCES.values())))
    assert found["detected_language"].to_list() == list(SENTENCES)
    assert found["language_confidence"].is_between(0.5, 1).all()


def test_short_missing_and_wordless_texts_are_not_guessed() -> None:
    found = detect_languages(pl.Series(["Hello there", None, "1234567890 " * 20, ""]))
    assert found.null_count().row(0) == (4, 4)


def test_only_the_beginning_of_a_text_is_read() -> None:
    beginning = SENTENCES["en"] * 40
    found = detect_languages(pl.Series([beginning, beginning[:2_000] + SENTENCES["de"] * 400]))
    assert found.row(0) == found.row(1)


def test_names_of_wikipedias_become_iso_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Model:
        def predict(self, text: str) -> tuple[tuple[str], tuple[float]]:
            return ("__label__als",), (1.00002,)

    monkeypatch.setattr(language, "_model", Model)
    found = detect_languages(pl.Series(["Das isch e Satz uf Schwyzerdütsch"]))
    assert found.row(0) == ("gsw", 1.0)


def test_a_model_that_is_not_the_published_one_is_refused(monkeypatch, tmp_path) -> None:
    other = tmp_path / "lid.176.ftz"
    other.write_bytes(b"something else")
    monkeypatch.setattr(language, "model_path", lambda: other)
    with pytest.raises(PermanentError, match="not the published"):
        language._model.__wrapped__()


def test_tokens_are_those_of_the_vocabulary() -> None:
    texts = ["Hello world", "", None, "Grüße", "<|endoftext|>", "x" * 100_000]
    counts = count_tokens(pl.Series(texts, dtype=pl.String)).to_list()
    assert counts[:3] == [2, 0, None]
    assert counts[4] > 1, "a special token's name is text"
    assert counts[5] == 12_500

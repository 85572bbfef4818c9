import pytest

from webdata_assets.stages.extract.embedded import is_empty, json_within


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('window.state = {"a": [1, 2]}; run({});', {"a": [1, 2]}),
        ("var x = {}; var y = [3];", [3]),
        ('function f() { return 1 }; data = {"b": "}"}', {"b": "}"}),
        ('{"big": 12345678901234567890123, "no": NaN}', {"big": "12345678901234567890123", "no": None}),
        ('{"line": "a\nb"}', {"line": "a\nb"}),
        ("{a: 1}", None),
        ("no brackets", None),
        ("[" * 100_000, None),
    ],
)
def test_the_first_json_within_a_text_is_found(text: str, value: object) -> None:
    assert json_within(text) == value


@pytest.mark.parametrize("value", [None, "", " \n\u200b\ufeff\x00", [], {}])
def test_what_cannot_be_seen_is_missing(value: object) -> None:
    assert is_empty(value)


@pytest.mark.parametrize("value", [0, False, "0", "\u00a0a", [None]])
def test_what_says_something_is_not_missing(value: object) -> None:
    assert not is_empty(value)

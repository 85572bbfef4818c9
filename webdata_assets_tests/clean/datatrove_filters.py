"""datatrove's filters, one for each of our quality rules that it has too, with the same thresholds."""

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.filters.base_filter import BaseFilter

_NO_QUALITY = dict.fromkeys(
    (
        "min_doc_words", "max_doc_words", "min_avg_word_length", "max_avg_word_length",
        "max_symbol_word_ratio", "max_bullet_lines_ratio", "max_ellipsis_lines_ratio",
        "max_non_alpha_words_ratio", "min_stop_words",
    )
)  # fmt: skip
_NO_REPETITION = {
    **dict.fromkeys(("dup_line_frac", "dup_para_frac", "dup_line_char_frac", "dup_para_char_frac")),
    "top_n_grams": (),
    "dup_n_grams": (),
}
_NO_C4 = {"min_num_sentences": -1, "filter_lorem_ipsum": False, "filter_curly_bracket": False}
_NO_FINEWEB = {"line_punct_thr": 0, "short_line_thr": 2, "char_duplicates_ratio": 2, "new_line_ratio": 10**9}


def gopher(**limits: float) -> BaseFilter:
    return GopherQualityFilter(**{**_NO_QUALITY, **limits})


def repetition(**limits: object) -> BaseFilter:
    return GopherRepetitionFilter(**{**_NO_REPETITION, **limits})


def c4(**options: object) -> BaseFilter:
    return C4QualityFilter(**{**_NO_C4, **options})


def fineweb(**limits: float) -> BaseFilter:
    return FineWebQualityFilter(**{**_NO_FINEWEB, **limits})


def filters() -> dict[str, BaseFilter]:
    """Return a filter for each rule; C4's rules on lines change texts and have no verdict to compare."""
    return {
        "gopher:word_count": gopher(min_doc_words=50, max_doc_words=100_000),
        "gopher:mean_word_length": gopher(min_avg_word_length=3, max_avg_word_length=10),
        "gopher:hash_ratio": _Symbols("#"),
        "gopher:ellipsis_ratio": _Symbols("..."),
        "gopher:bullet_lines": gopher(max_bullet_lines_ratio=0.9),
        "gopher:ellipsis_lines": gopher(max_ellipsis_lines_ratio=0.3),
        "gopher:alphabetic_words": gopher(max_non_alpha_words_ratio=0.8),
        "gopher:stop_words": gopher(min_stop_words=2),
        "repetition:duplicate_lines": repetition(dup_line_frac=0.3),
        "repetition:duplicate_line_characters": repetition(dup_line_char_frac=0.2),
        "repetition:duplicate_paragraphs": repetition(dup_para_frac=0.3),
        "repetition:duplicate_paragraph_characters": repetition(dup_para_char_frac=0.2),
        **{
            f"repetition:top_{n}_gram": repetition(top_n_grams=((n, limit),))
            for n, limit in {2: 0.2, 3: 0.18, 4: 0.16}.items()
        },
        **{
            f"repetition:duplicate_{n}_grams": repetition(dup_n_grams=((n, limit),))
            for n, limit in {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}.items()
        },
        "c4:sentences": c4(min_num_sentences=5),
        "c4:lorem_ipsum": c4(filter_lorem_ipsum=True),
        "c4:curly_bracket": c4(filter_curly_bracket=True),
        "fineweb:line_punctuation": fineweb(line_punct_thr=0.12),
        "fineweb:short_lines": fineweb(short_line_thr=0.67),
        "fineweb:duplicate_line_characters": fineweb(char_duplicates_ratio=0.1),
        "fineweb:list_ratio": fineweb(new_line_ratio=0.3),
    }


class _Symbols(BaseFilter):
    """Gopher's ratio for one of the two symbols, which the filter judges together."""

    name = "symbols"

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self.symbol = symbol
        self.whole = gopher(max_symbol_word_ratio=0.1)

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        other = "..." if self.symbol == "#" else "#"
        text = doc.text.replace(other, "").replace("…" if other == "..." else "#", "")
        return self.whole.filter(Document(text=text, id=doc.id))


def breaks(judge: BaseFilter, text: str) -> bool:
    """Whether datatrove would drop the text."""
    return judge.filter(Document(text=text, id="0")) is not True

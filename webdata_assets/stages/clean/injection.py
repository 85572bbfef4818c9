"""Text that addresses a language model and not a reader.

What belongs here: the patterns and their names. What does not: what becomes of a record that has one
(enrich.py).
"""

import polars as pl

_EARLIER = r"(?:previous|prior|above|preceding|earlier|foregoing|existing|original|initial|system)"
_ORDERS = r"(?:instructions?|prompts?|directions|directives?|commands?|guidelines|messages|programming)"
_MODEL = (
    r"(?:an? |the |any |all )?(?:ai )?(?:ai|a\.i\.|llms?|(?:large )?language models?|chatbots?|chatgpt|"
    r"gpt-\d\w*|claude|(?:ai|virtual|automated) "
    r"(?:assistants?|agents?|models?|systems?|crawlers?|summari[sz]ers?))"
)

PATTERNS: dict[str, str] = {
    "ignore_instructions": (
        r"(?i)(?-u:\b)(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|every|of|the|your|my|our|these|those)"
        rf"\s+){{0,4}}{_EARLIER}\s+(?:\w+\s+){{0,2}}?{_ORDERS}(?-u:\b)"
        r"|(?-u:\b)ignoriere?n?\s+(?:sie\s+)?(?:alle\s+)?(?:bisherigen|vorherigen|vorigen|obigen)\s+(?:anweisung|befehl)"
        r"|(?-u:\b)ignore[zr]?\s+(?:toutes\s+)?les\s+(?:instructions|consignes)\s+(?:précédentes|ci-dessus)"
        r"|(?-u:\b)ignor[ae]r?\s+(?:todas\s+)?las\s+instrucciones\s+(?:anteriores|previas)"
    ),
    "role_tag": (
        r"<\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|begin_of_text|start_header_id|"
        r"end_header_id|eot_id)\|>|<</?SYS>>|\[/?INST\]|<(?:start|end)_of_turn>"
    ),
    "new_role": (
        r"(?i)(?-u:\b)you\s+are\s+(?:now|no\s+longer)\s+(?:\w+\s+){0,3}(?:ai|assistant|chatbot|language\s+model|dan|"
        r"jailbroken|unrestricted|unfiltered)(?-u:\b)"
        r"|(?-u:\b)(?:from\s+now\s+on|act\s+as|pretend\s+(?:to\s+be|that\s+you\s+are|you\s+are))(?-u:\b)[^.\n]{0,60}(?-u:\b)(?:"
        r"no\s+(?:rules|restrictions|filters|limitations|guidelines)|unfiltered\s+ai|unrestricted\s+ai|"
        r"developer\s+mode\s+enabled)(?-u:\b)"
    ),
    "reveal_prompt": (
        r"(?i)(?-u:\b)(?:reveal|print|repeat|show|output|leak|disclose|tell\s+me|send)\s+(?:me\s+)?(?:all\s+)?(?:of\s+)?"
        r"your\s+(?:full\s+|entire\s+|exact\s+)?(?:system|hidden|initial|original|secret)\s+"
        r"(?:prompt|instructions|message)(?-u:\b)"
    ),
    "addressed_to_model": (
        rf"(?i)(?-u:\b)if\s+you(?:'re|’re|\s+are)\s+{_MODEL}(?:\s+(?:reading|processing|summari[sz]ing|parsing)|\s*[,:])"
        rf"|(?-u:\b)(?:attention|note|message|instructions?|notice)\s+(?:to|for)\s+{_MODEL}\s*[:!]"
    ),
    "system_message": (
        r"(?im)^\W{0,12}(?:begin|new|updated|important)?\s*(?:system|admin|developer)\s+"
        r"(?:override|prompt|instructions?|message)\s*:\s*\S"
    ),
    "conceal_from_user": (
        r"(?i)(?-u:\b)(?:do\s+not|don['’]t|never|without)\s+(?:tell|inform|alert|notify|mention(?:ing)?|telling|"
        r"informing|alerting|notifying)\s+(?:\w+\s+){0,4}?the\s+user(?-u:\b)"
    ),
    "hidden_text": (
        r"[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]{4,}|[\x{E0020}-\x{E007F}]{4,}|[\x{200B}-\x{200D}\x{2060}-\x{2064}]{8,}"
        r"|(?i)(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0)(?-u:\b)[^\n]{0,200}"
        r"(?-u:\b)(?:ignore|disregard|assistant|language model)(?-u:\b)"
    ),
    "exfiltration_link": (
        r"!\[[^\]\n]{0,200}\]\(\s*https?://[^)\s]{1,500}[?&/=](?:\{\{?|\$\{|%7[Bb]|<|\[)[A-Za-z_ .-]{2,80}"
    ),
}
"""Name → regular expression of Rust's regex crate. Searched one by one: joined they leave its fast path."""


def injection_flags(texts: pl.DataFrame) -> pl.Series:
    """Return the names of the patterns that are in any of a row's texts; null for a row without a text.

    A flag says that such words are there, and not that harm was meant: a page about prompt injection has them
    too.
    """
    whole = pl.concat_str(texts.columns, separator="\n", ignore_nulls=True)
    flags = [
        pl.when(pl.col("whole").str.contains(pattern)).then(pl.lit(name))
        for name, pattern in PATTERNS.items()
    ]
    return (
        texts.select(whole=pl.when(pl.any_horizontal(pl.all().is_not_null())).then(whole))
        .select(
            injection_flags=pl.when(pl.col("whole").is_not_null()).then(
                pl.concat_list(flags).list.drop_nulls()
            )
        )
        .to_series()
    )

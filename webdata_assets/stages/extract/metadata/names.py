"""Written author lines → names: `By Ada Lovelace | 3 May` is Ada Lovelace.

What belongs here: what a line of names looks like. What does not: where on a page such lines stand.
"""

import re

_MAX_CHARACTERS = 100
_MAX_WORDS = 12
_BEFORE = re.compile(
    r"(?:(?:written|posted|published|reported|words|story|text|article|blog|post|recipe|authored|reviewed"
    r"|edited|created|submitted|medically reviewed)\s*(?:and\s+\w+\s+)?)?by\b\s*:?\s*"
    r"|(?:about\s+(?:the\s+)?)?(?:guest\s+)?(?:authors?|writers?|contributors?|words|text|autore?|auteur"
    r"|autor(?:in)?|redaktion|skribent|författare|forfatter)\s*:\s*"
    r"|(?:geschrieben von|escrito por|publicado por|écrit par)\s+"
    r"|(?:view|see|show) all (?:posts|articles|stories) (?:by|from)\s+"
    r"|(?:(?:zeige )?alle (?:beiträge|artikel) von|voir tous les articles (?:de|par)"
    r"|ver todas las entradas (?:de|por))\s+"
    r"|(?:\w+ (?:und|and) )?interview\s*:\s*"
    r"|(?:von|par|por|door|di|av|af|od)\s+(?=\S+\s+\S)"
    r"|(?-i:[Bb]y(?=[A-Z]))",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s*[|•·]|\s[–—/-]\s"
    r"|,?\s+(?:on\s+)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+\d"
    r"|,?\s*\b(?:on\s+)?\d{1,2}[./\s]|\s+\d{4}\b"
    r"|,?\s*(?:updated|published|posted|last updated|modified)\b"
    r"|\s+(?-i:in|on|at|for|to|from|with contributions?)\s+(?=\S)"
    r"|,\s+(?:(?:senior|staff|chief|managing|contributing|guest|freelance|associate|assistant|deputy|lead|head"
    r"|special|digital|news|founder|co-founder|ceo|cto|director|editor|writer|reporter|correspondent|author"
    r"|contributor|columnist|journalist|content)\b)",
    re.IGNORECASE,
)
_QUOTES = "\"“”«»'‘’ \t,;:|-–—•·*→›"
_NOBODY = frozenset(
    {
        "admin", "administrator", "author", "authors", "by", "editor", "anonymous", "guest", "unknown",
        "staff", "webmaster", "root", "user", "null", "none", "undefined", "contributor", "contributors",
        "written by", "about the author", "about", "share", "follow", "more", "read more", "view all posts",
        "all posts", "view profile", "see more", "website", "subscribe", "comments", "author bio",
        "learn more", "posts", "our authors", "our team", "contact", "home", "name", "a", "the", "op",
        "moderator", "login", "sign in", "view bio", "bio", "profile", "meet the author", "see all authors",
        "become a contributor", "editorial",
    }
)  # fmt: skip
_NO_NAME = re.compile(
    r"^\d+\s|https?:|www\.|[?!{}<>=$€£]|\.\s+[A-Z][a-z]+\s+[a-z]+\s"
    r"|^(?:Mon|Tues?|Wed|Thu|Fri|Sat|Sun)(?:day|nesday|rsday|urday)?\b"
    r"|^(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,7}\.?\s\d|\b(?:from|by|with|the)$"
    r"|^(?:März|Mai|Okt|Dez|Ene|Abr|Ago|Dic|Févr|Avr|Août|Déc)[a-zé]{0,7}\.?\s\d"
)
_ADDRESS = re.compile(r"\s*[-–(<]?\s*(?:[\w.+-]+@[\w-]+\.[\w.-]+|https?://\S+|www\.\S+)\s*[)>]?")
_LOGIN = re.compile(r"[a-z0-9._\-]+")


def name_in(line: str) -> str | None:
    """Return the name or names in a line that is an author's, or None where it is something else."""
    text = line.strip()
    while (before := _BEFORE.match(text)) and before.end():
        text = text[before.end() :]
    after = _AFTER.search(text, 1)
    if after:
        text = text[: after.start()]
    text = without_addresses(text)
    if ")" not in text:
        text = text.partition("(")[0]
    name = " ".join(text.split()).strip(_QUOTES)
    return name if is_name(name) else None


def without_addresses(line: str) -> str:
    """Return a line without the e-mail and web addresses that stand beside a name."""
    return _ADDRESS.sub("", line)


def is_name(text: str) -> bool:
    """Return whether a text may be the name of someone: short, with letters, no sentence or address."""
    if not 2 <= len(text) <= _MAX_CHARACTERS or len(text.split()) > _MAX_WORDS:
        return False
    if text.casefold() in _NOBODY or not re.search(r"[^\W\d_]", text):
        return False
    return not _NO_NAME.search(text)


def is_login(text: str) -> bool:
    """Return whether a text is what someone signs in with, such as `john.doe2`, and no written name."""
    return _LOGIN.fullmatch(text) is not None


def starts_as_byline(line: str) -> bool:
    """Return whether a line begins as lines of authors do: `By`, `Written by`, `Author:`."""
    return _BEFORE.match(line.strip()) is not None

"""The signs by which the date of publication is told from other dates: words beside it, elements around it.

What belongs here: reading signs. What does not: which dates there are (sight.py), what a sign is worth
(weights.py).
"""

import re

from selectolax.lexbor import LexborNode

_MAX_ANCESTORS = 12
_NEAR = 3
_MAX_ATTRIBUTE = 300

_TOKENS = re.compile(
    r"(?P<published>publi|posted|pubdate|entry-?date|post-?date|created|veroeff|erstell|dateline|release)"
    r"|(?P<modified>modif|updat|edited|aktualis|revis|lastmod)"
    r"|(?P<date>date|datum|fecha|timestamp|time(?!line)|calendar|clock|\bday|\btag\b)"
    r"|(?P<byline>meta|byline|info|auth?or|submitted|detail|subline|kicker)"
    r"|(?P<comment>comment|reply|replies|respon|discuss|kommentar)"
    r"|(?P<other>related|sidebar|widget|teaser|recent|popular|latest|more|recommend|promo|card|archive|ticker"
    r"|banner|similar|trend|most|upcoming|list|grid|slider|carousel|swiper|aside|thumb)"
    r"|(?P<foot>footer|copyright|colophon|bottom|imprint|impressum|legal)"
    r"|(?P<menu>\bnav|menu|breadcrumb|toolbar|topbar|masthead)"
    r"|(?P<event>event|termin|agenda|deadline|birth|expir|countdown|veranstalt)"
    r"|(?P<quote>quot|embed|tweet|instagram|zitat)"
    r"|(?P<today>today|current|heute|weather|wetter)"
    r"|(?P<content>article|post(?!ed)|entry|content|story|main|single|beitrag)"
)
"""What parts of classes, ids and item properties say of an element."""

_TAGS = frozenset(
    {
        "time", "abbr", "article", "main", "header", "footer", "aside", "nav", "li", "td", "table", "a", "h1",
        "h2", "h3", "blockquote", "figcaption", "form", "address", "small", "pre", "p", "strong", "em", "i",
    }
)  # fmt: skip

_WORDS = re.compile(
    r"(?P<published>publi|posted|ver(?:ö|oe)ffentlicht|erschienen|mise? en ligne|pubblicat|inserito|geplaatst"
    r"|udgivet|julkaist|közzétéve|megjelent|opublikowan|dodan|vydáno|опубл|размещено|добавлено|yayın|δημοσι|نشر"
    r"|発行|公開|投稿|发布|發布|发表|게시|입력|등록|written|created|erstellt|submitted|added|eingestellt|released"
    r"|verfasst|geschrieben|diterbitkan)"
    r"|(?P<modified>updat|modif|aktualis|mise? à jour|actualiz|aggiorna|bijgewerkt|uppdaterad|opdateret"
    r"|oppdatert|päivitetty|zaktualizowan|frissít|обновл|оновлено|güncel|\bstand\b|edited|geändert"
    r"|letzte änderung|revised|last change|更新|수정|reviewed)"
    r"|(?P<copyright>©|copyright|\(c\)|all rights)"
    r"|(?P<by>\bby\b|\bvon\b|\bpar\b|\bpor\b|\bdi\b|auth?or|\bfrom\b|redaktion)"
    r"|(?P<on>\bon\b|\bam\b|\ble\b|\bel\b|\bop\b|\bden\b|\bvom\b|datum|dated?\b|fecha|\bdata\b)"
    r"|(?P<event>until|\bbis\b|seit|since|abgerufen|accessed|retrieved|born|geboren|expires|deadline|join"
    r"|mitglied|registr|valid|gültig|ab dem|beginn|start|\bends?\b|effective|through)",
    re.IGNORECASE,
)
_LEADING_WORDS = frozenset({"by", "on"})


def word_before(text: str) -> str | None:
    """Return what the last telling word of a text speaks of, such as `published` or `copyright`.

    Words that only lead to a date (`by`, `on`) count where there is no other.
    """
    kinds = [match.lastgroup for match in _WORDS.finditer(text)]
    telling = [kind for kind in kinds if kind not in _LEADING_WORDS]
    return next(reversed(telling or kinds), None)


def word_after(text: str) -> str | None:
    """Return what the first telling word of a text speaks of."""
    match = _WORDS.search(text)
    return match.lastgroup if match else None


class Surroundings:
    """The signs of elements and of those around them. Each element is read once."""

    def __init__(self) -> None:
        self._known: dict[int, frozenset[str]] = {}

    def signs(self, node: LexborNode | None) -> set[str]:
        """Return `in:…` for the node and the two elements around it, `within:…` for those further out."""
        near: set[str] = set()
        far: set[str] = set()
        for height in range(_MAX_ANCESTORS):
            if node is None or node.tag in ("body", "html"):
                break
            (near if height < _NEAR else far).update(self._own(node))
            node = node.parent
        return {f"in:{sign}" for sign in near} | {f"within:{sign}" for sign in far - near}

    def _own(self, node: LexborNode) -> frozenset[str]:
        known = self._known.get(node.mem_id)
        if known is None:
            attributes = node.attributes
            words = " ".join(
                (attributes.get(name) or "")[:_MAX_ATTRIBUTE] for name in ("class", "id", "itemprop")
            ).lower()
            signs = {match.lastgroup or "" for match in _TOKENS.finditer(words)}
            tag = node.tag or ""
            if tag in _TAGS:
                signs.add(f"<{tag}>")
            known = self._known[node.mem_id] = frozenset(signs)
        return known

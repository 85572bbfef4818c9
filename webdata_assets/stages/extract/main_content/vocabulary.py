"""What elements, class names and single words tell about a block.

What belongs here: the tables, and looking a name up in them. What does not: reading a tree (blocks.py), or
what the model makes of it (features.py).
"""

import re
from functools import lru_cache

HIDDEN_TAGS = frozenset(
    {"script", "style", "template", "head", "svg", "iframe", "object", "canvas", "select", "option",
     "datalist", "video", "audio", "map", "textarea", "title", "meta", "link", "base"}
)  # fmt: skip
"""Elements whose text no reader sees as text of the page."""

BLOCK_TAGS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd", "details",
     "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2",
     "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "label", "legend", "li", "main", "menu", "nav",
     "noscript", "ol", "p", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th",
     "thead", "tr", "ul"}
)  # fmt: skip
"""Elements that part the text before them from the text after them."""

TAGS = (
    "div", "p", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "dd", "dt",
    "section", "article", "main", "header", "footer", "nav", "aside", "form", "figure", "figcaption", "table",
    "ul", "ol", "body", "a", "span", "button", "label", "details", "summary", "tr", "dl", "address",
    "caption", "tbody", "fieldset", "center", "code", "font",
)  # fmt: skip
TAG_NUMBER = {tag: number for number, tag in enumerate(TAGS, start=1)}
"""A tag as the model knows it; 0 stands for all others. The order is part of the trained weights."""

CONTAINER_TAGS = (
    "nav", "header", "footer", "aside", "article", "main", "form", "table", "ul", "ol", "figure", "section",
    "dialog", "blockquote", "button", "label", "details", "dl", "p", "noscript", "pre",
)  # fmt: skip
CONTAINER_BIT = {tag: 1 << bit for bit, tag in enumerate(CONTAINER_TAGS)}
"""One bit for each element that says something about all that it holds."""

_NAME_PATTERNS = {
    "comment": r"comment|disqus|respond|repl(?:y|ies)",
    "side": r"side|rail$|aside|secondary|widget",
    "foot": r"foot|bottom|colophon",
    "head": r"^head(?!line)|header|masthead|banner|^top|hero",
    "nav": r"nav|menu|crumb|pagination|pag(?:er|ing)|^toc$|^tabs?$",
    "related": r"relat|recommend|similar|^more$|^also$|popular|trending|latest|recent|^next|^prev|teaser"
    r"|promo|upsell|crosssell",
    "share": r"shar|social|follow|facebook|twitter|linkedin|whatsapp|tweet",
    "advert": r"^ads?$|advert|sponsor|^dfp|outbrain|taboola",
    "consent": r"cookie|consent|gdpr|privacy|onetrust",
    "modal": r"modal|popup|overlay|dialog|lightbox|toast|drawer|offcanvas|flyout",
    "subscribe": r"subscri|newsletter|signup|login|signin|register|paywall|donat|form$",
    "meta": r"meta|byline|author|^dates?$|time|^tags?$|categor|^info|credit|source|posted",
    "content": r"content|article|^post$|entry|story|^body|^text|^main|^page$|blog|markdown|prose|rich|wysiwyg"
    r"|^rte$|editor",
    "title": r"title|headline|heading|caption",
    "product": r"product|price|^sku$|cart|^buy|shop|^item|detail|^spec|feature|descr",
    "list": r"list|grid|card|tile|^row|^items?$|result|collection|archive|^feed|carousel|slider|swiper|slick",
    "forum": r"message|topic|thread|forum|question|answer|discussion|user|avatar",
    "document": r"^docs?$|documentation|chapter|^code|highlight|manual|wiki|^mw$|sphinx",
    "hidden": r"hid(?:e|den)|^sr$|visually|^reader|invisible|collapse|none|print",
    "search": r"search|filter|sort|facet|refine",
    "locale": r"^lang|locale|region|country|currency",
    "legal": r"copyright|legal|terms|disclaimer|policy|license",
    "media": r"^img|image|photo|gallery|video|figure|media|thumb|icon|logo",
    "skip": r"^skip|^jump|accessib|^edit$",
    "answers": r"faq|accordion|toggle|testimonial|review|rating|quote",
    "person": r"^bio|about|profile|contributor",
}
NAME_CATEGORIES = tuple(_NAME_PATTERNS)
"""What the names of classes, ids and roles speak of, one bit each. The order is part of the weights."""
_NAMES = tuple(re.compile(pattern) for pattern in _NAME_PATTERNS.values())
_NAME_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_MAX_NAME_CHARACTERS = 400

_WORDS = {
    "consent": "cookie cookies consent gdpr datenschutz privacy",
    "subscribe": "subscribe newsletter newsletters signup abonnieren abonnez suscríbete iscriviti login "
    "signin register anmelden registrieren",
    "reply": "comment comments reply replies kommentar kommentare antworten commentaire commentaires "
    "comentarios commenti",
    "related": "related recommended similar popular trending latest weiterlesen mehr more also lesen lire "
    "weitere auch ähnliche",
    "legal": "© copyright rights reserved rechte impressum imprint terms",
    "share": "share tweet facebook twitter whatsapp teilen pinterest linkedin instagram follow partager",
    "byline": "by von par por posted published veröffentlicht updated author autor written publié",
    "commerce": "cart basket warenkorb checkout shipping quantity wishlist buy add stock price",
    "jump": "home menu search skip next previous prev close open top back view all show",
    "count": "views likes votes points ago min read shares answers replies members",
    "label": "tags tag categories category topics schlagwörter kategorie labels filed",
    "advert": "advertisement anzeige sponsored werbung promoted ad",
    "credit": "photo image credit getty reuters foto bild source quelle",
    "contact": "fax tel phone address email telefon adresse kontakt contact",
}
WORD_CATEGORIES = tuple(_WORDS)
"""What single words of a short block speak of, one bit each. The order is part of the weights."""
WORD_BITS: dict[str, int] = {}
for _bit, _words in enumerate(_WORDS.values()):
    for _word in _words.split():
        WORD_BITS[_word] = WORD_BITS.get(_word, 0) | 1 << _bit


@lru_cache(maxsize=50_000)
def name_mask(names: str) -> int:
    """Return the categories that an element's class names, id and role speak of, one bit each."""
    mask = 0
    for part in _NAME_PARTS.findall(names[:_MAX_NAME_CHARACTERS]):
        mask |= _part_mask(part.lower())
    return mask


@lru_cache(maxsize=50_000)
def _part_mask(part: str) -> int:
    return sum(1 << bit for bit, pattern in enumerate(_NAMES) if pattern.search(part))

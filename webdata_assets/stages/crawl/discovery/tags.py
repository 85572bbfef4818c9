"""Tags: the start tags of a page that its links go by, read in linear time, without building its tree.

What belongs here: the tokenizer of the HTML standard (section 13.2.5) as one expression, for <a>, <area>,
<base> and <meta>, and the values of their attributes. What does not: trees (html.py), which cost more, and
which a hostile page makes cost hours; and what the tags mean (links.py).
"""

import functools
import html
import re
from collections.abc import Iterable, Iterator
from html.entities import html5
from typing import Final

from webdata_assets.stages.crawl.discovery.found import MAX_LINKS, too_many_links

_NAME_END: Final = r"(?=[\t\n\f\r />])"
_VALUE: Final = r"""(?:"[^"]*+"?+|'[^']*+'?+|[^\t\n\f\r >"'][^\t\n\f\r >]*+)"""
ATTRIBUTE: Final = rf"[^\t\n\f\r />][^\t\n\f\r />=]*+(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+{_VALUE}?+)?+"
_ATTRIBUTES: Final = rf"(?:[\t\n\f\r /]++|{ATTRIBUTE})*+"

# A comment in a script hides the script's end tag from where a further <script> begins in it.
_SCRIPT_END: Final = rf"/(?i:script){_NAME_END}"
_HIDDEN: Final = rf"<(?i:script){_NAME_END}(?:[^<-]++|-(?!->)|<(?!{_SCRIPT_END}))*+(?:<{_SCRIPT_END})?+"
_SCRIPT_COMMENT: Final = rf"<!--(?:-*+>|(?:[^<-]++|-(?!->)|{_HIDDEN}|<(?!{_SCRIPT_END}))*+(?:-->)?+)"
_SCRIPT: Final = rf"(?i:script){_NAME_END}{_ATTRIBUTES}>(?:[^<]++|<(?!{_SCRIPT_END}|!--)|{_SCRIPT_COMMENT})*+"
_COMMENT: Final = r"!--(?:-?>|[^-]*+(?:-(?!-!?>)[^-]*+)*+)"
_TEXT_ONLY: Final = ("style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
_TEXT: Final = "|".join(
    rf"(?i:{name}){_NAME_END}{_ATTRIBUTES}>[^<]*+(?:<(?!/(?i:{name}){_NAME_END})[^<]*+)*+"
    for name in _TEXT_ONLY
)
# What these hold depends on the tree: on whether they stand in SVG, and on what is a document of its own.
_DEPENDENT: Final = (
    rf"!\[CDATA\[|(?i:template|plaintext|frameset){_NAME_END}"
    rf"|(?i:script|{'|'.join(_TEXT_ONLY)}){_NAME_END}{_ATTRIBUTES}(?<=/)(?=>)"
)
# The first two characters of all of the above, so that most tags are soon through.
_SPECIAL: Final = r"(?=[!fFiInNpPsStTxX][-\[cCeEfFiIlLmMoOrRtT])"
_TAG: Final = re.compile(
    "<(?:(?=[a-zA-Z!?])(?:"
    # a tag that the page breaks off before its end is none
    rf"((?=[abmABM])(?i:a|area|base|meta){_NAME_END}{_ATTRIBUTES}(?=>)|{_SPECIAL}(?:{_DEPENDENT}))"
    rf"|{_SPECIAL}(?:{_COMMENT}|{_SCRIPT}|{_TEXT})"
    r"|[!?][^>]*+"
    # other tags, whose values may hold anything: first as most are written, for speed
    r'|[a-z]++(?: [a-z-]++="[^"]*+")++>'
    rf"|[a-zA-Z][^\t\n\f\r />]*+{_ATTRIBUTES}"
    ")|/[^a-zA-Z>][^>]*+)"
)
_SMALL: Final = 1_000_000
"""Characters of a page whose tags can be listed, whatever they are."""
_FIRST_OF_ASKED: Final = frozenset("abmABM")
_REFERENCE: Final = re.compile(r"&(?:#[xX]?[0-9a-fA-F]+;?|([a-zA-Z][a-zA-Z0-9]*+;?+)(?!=))")


def read_tags(text: str) -> list[str] | None:
    """Return the different start tags of <a>, <area>, <base> and <meta>, in order, without their brackets.

    Text that only looks like a tag is left out: in comments, scripts, and the values of attributes. End tags
    are taken to have no attributes. None where only the tree tells tags from text.

    Raises:
        PermanentError: RESOURCE, when there are more than MAX_LINKS different ones.
    """
    tags = list(filter(None, dict.fromkeys(_TAG.findall(text) if len(text) <= _SMALL else _few(text))))
    return None if any(tag[0] not in _FIRST_OF_ASKED for tag in tags) else tags


def _few(text: str) -> Iterator[str]:
    """Yield the tags of a large page; a list of all would take more memory than a page may."""
    seen = set()
    for tag in _TAG.finditer(text):
        if tag[1] and tag[1] not in seen:
            seen.add(tag[1])
            if len(seen) > MAX_LINKS:
                raise too_many_links()
            yield tag[1]


def start_tag(element: str) -> str:
    """Return the start tag, in the form of read_tags, of one of these elements as a tree serialises it."""
    match = _TAG.match(element)
    assert match is not None
    return str(match[1])


def attribute(tag: str, name: str) -> str | None:
    """Return the value of a start tag's attribute, None where it has none; `name` in lower case."""
    return next(attributes([tag], name), None)


def attributes(tags: Iterable[str], name: str) -> Iterator[str]:
    """Yield the values of one attribute of the start tags that have it."""
    read = _value_of(name).match
    for tag in tags:
        match = read(tag)
        if match is not None:
            value: str = match[match.lastindex or 0]
            yield _REFERENCE.sub(_character, value) if "&" in value else value


@functools.cache
def _value_of(name: str) -> re.Pattern[str]:
    this = rf"(?i:{name})(?=[\t\n\f\r />=]|\Z)"
    return re.compile(
        rf"[a-zA-Z]++(?:[\t\n\f\r /]++|(?!{this}){ATTRIBUTE})*+{this}"
        r"""(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"([^"]*+)|'([^']*+)|([^\t\n\f\r >"'][^\t\n\f\r >]*+)))"""
    )


def _character(reference: re.Match[str]) -> str:
    """Return what a character reference in an attribute stands for: `&copy=1` is a parameter, no sign."""
    text, name = reference[0], reference[1]
    return html.unescape(text) if name is None else html5.get(name, text)

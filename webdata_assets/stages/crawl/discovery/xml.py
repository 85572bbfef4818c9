"""XML as discovery reads it: no entities, no DTD, nothing fetched.

What belongs here: what feed.py and sitemap.py share. What does not: either format.
"""

from typing import Any, Final

SAFE: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""Options for lxml's parsers."""


def local_name(tag: object) -> str:
    """Return an element's name without its namespace; prefixes that nothing declares stay."""
    return str(tag).rpartition("}")[2]

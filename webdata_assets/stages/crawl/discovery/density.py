"""How much memory a page takes once it is parsed for URLs: many times its size, where it is made to harm.

What belongs here: the bound, told from the bytes. What does not: parsing (json.py, xml.py, html.py).
"""

from collections.abc import Callable, Iterable, Mapping

from webdata_assets.errors import FailureDomain, PermanentError

_LEAST_BYTES = 100_000_000
"""Of memory that any list may take."""
_TIMES = 8
"""Its own size that it may take beyond that; the densest sitemap of use takes 7."""


def check_density(
    body: bytes, costs: Mapping[bytes, int], structure: Callable[[bytes], Iterable[bytes]], what: str
) -> None:
    """Refuse a body whose parsed form would take far more memory than itself.

    Args:
        body: as it is about to be parsed.
        costs: sign of structure → bytes that what it stands for takes; negative for signs of an end.
        structure: gives the parts of a body where signs mean something.
        what: the body is, for people.

    Raises:
        PermanentError: RESOURCE.
    """
    limit = memory_limit(len(body))
    # few bodies have so many signs that those within texts must be told from others
    if _cost(body, costs) <= limit:
        return
    taken = sum(_cost(part, costs) for part in structure(body))
    if taken > limit:
        raise PermanentError(
            f"{what} of {len(body)} bytes would take about {taken} bytes of memory; it may take {limit}",
            failure_domain=FailureDomain.RESOURCE,
        )


def memory_limit(size: int) -> int:
    """Return how many bytes of memory a body of that size may take once it is parsed."""
    return max(_LEAST_BYTES, _TIMES * size)


def _cost(body: bytes, costs: Mapping[bytes, int]) -> int:
    return sum(body.count(sign) * cost for sign, cost in costs.items())

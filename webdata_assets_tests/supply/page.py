"""docs/supply-chain.md: how our dependencies are held, and the licence of each.

What belongs here: the page. What does not: how a licence is read and judged (licences.py).
"""

from collections.abc import Collection, Mapping
from importlib.metadata import Distribution
from pathlib import Path

from webdata_assets_tests.supply.evidence import EVIDENCE
from webdata_assets_tests.supply.licences import Fit, declared, fit_of

PAGE = Path(__file__).parents[2] / "docs" / "supply-chain.md"

_HEAD = Path(__file__).with_name("head.md")


def page(installed: Mapping[str, Distribution], runtime: Collection[str]) -> str:
    """Return the page.

    Args:
        installed: what is locked, by canonical name.
        runtime: names of what runs where we run; the rest helps to develop.
    """
    development = installed.keys() - set(runtime)
    parts = [
        _HEAD.read_text(),
        _section("Run time, our extras for users included", sorted(runtime), installed),
        _section(
            "Development: tests, oracles, benchmarks; never imported by the package",
            sorted(development),
            installed,
        ),
        _looked_up(installed),
    ]
    return "\n".join(parts)


def unfit(installed: Mapping[str, Distribution], runtime: Collection[str]) -> list[str]:
    """Return in words each distribution whose licence is unknown, or at run time does not fit."""
    wrong = []
    for name, distribution in sorted(installed.items()):
        expression = declared(distribution)
        fit = fit_of(expression)
        if fit is Fit.UNKNOWN:
            wrong.append(f"{name}: its licence is unknown; look it up, and enter it into evidence.py")
        elif fit is Fit.STRONG and name in runtime:
            wrong.append(f"{name} is needed at run time and is under {expression}")
    return wrong


def _section(title: str, names: Collection[str], installed: Mapping[str, Distribution]) -> str:
    by_licence: dict[str, list[str]] = {}
    for name in names:
        by_licence.setdefault(declared(installed[name]), []).append(name)
    order = sorted(by_licence, key=lambda each: (fit_of(each), -len(by_licence[each]), each))
    rows = [
        f"| {licence} | {_MEANING[fit_of(licence)]} | {', '.join(by_licence[licence])} |" for licence in order
    ]
    head = "| licence (SPDX) | beside Apache-2.0 | distributions |\n|---|---|---|\n"
    return f"## {title}\n\n{len(names)} distributions.\n\n{head}" + "\n".join(rows) + "\n"


_MEANING = {
    Fit.PERMISSIVE: "fits",
    Fit.WEAK: "fits: we import it unchanged, and whoever changes it owes the changes",
    Fit.STRONG: "for development only: run beside us, never part of what is shipped",
    Fit.UNKNOWN: "unknown",
}


def _looked_up(installed: Mapping[str, Distribution]) -> str:
    rows = [
        f"| {name} | {found.expression} | {found.where} |"
        for name, found in EVIDENCE.items()
        if name in installed
    ]
    head = "## Looked up by hand\n\nTheir metadata does not tell, or tells something else.\n\n"
    return f"{head}| distribution | licence | where it is written |\n|---|---|---|\n" + "\n".join(rows) + "\n"

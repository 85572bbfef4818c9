"""Licences: what each distribution declares, as SPDX, and whether it fits Apache-2.0.

What belongs here: reading and judging. What does not: what was looked up by hand (evidence.py).
"""

import re
from enum import IntEnum
from functools import cache
from importlib.metadata import Distribution
from typing import Any

from license_expression import (
    ExpressionError,
    LicenseSymbol,
    LicenseWithExceptionSymbol,
    get_license_index,
    get_spdx_licensing,
)
from packaging.utils import canonicalize_name

from webdata_assets_tests.supply.evidence import EVIDENCE

_CLASSIFIERS = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "W3C License": "W3C",
}
_ALIASES = {
    "mit license": "MIT",
    "apache 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 3-clause or apache-2.0": "BSD-3-Clause OR Apache-2.0",
}
_LICENCE_FILE = re.compile("licen[cs]e|copying", re.IGNORECASE)
_THIRD_CLAUSE = re.compile(
    r"neither the names?|names? of .{0,80}not be used|3.clause|new bsd", re.IGNORECASE | re.DOTALL
)


class Fit(IntEnum):
    """How a licence goes with Apache-2.0, the best first."""

    PERMISSIVE = 0
    WEAK = 1
    STRONG = 2
    UNKNOWN = 3


_FITS = {
    "Permissive": Fit.PERMISSIVE,
    "Public Domain": Fit.PERMISSIVE,
    "Copyleft Limited": Fit.WEAK,
    "Copyleft": Fit.STRONG,
}


def declared(distribution: Distribution) -> str:
    """Return the SPDX expression that a distribution declares; empty where it cannot be told.

    In order: what was looked up by hand, License-Expression, License where that is SPDX, classifiers (all of
    several, as if all held), License in other usual words.
    """
    metadata = distribution.metadata
    if found := EVIDENCE.get(canonicalize_name(metadata["Name"])):
        return found.expression
    words = (metadata.get("License") or "").strip()
    for expression in (metadata.get("License-Expression") or "", words):
        if expression and is_spdx(expression):
            return expression
    named = [
        each.rpartition(" :: ")[2] for each in metadata.get_all("Classifier") or () if "License ::" in each
    ]
    known = [_bsd(distribution) if each == "BSD License" else _CLASSIFIERS.get(each, "") for each in named]
    return " AND ".join(filter(None, known)) or _ALIASES.get(words.lower(), "")


def is_spdx(expression: str) -> bool:
    """Return whether every name in an expression is SPDX's."""
    try:
        _spdx().parse(expression, validate=True, strict=True)
    except ExpressionError:
        return False
    return True


def fit_of(expression: str) -> Fit:
    """Return how an SPDX expression fits: of licences to choose from the best, of all that hold the worst."""
    if not expression:
        return Fit.UNKNOWN
    return _fit(_spdx().parse(expression, validate=True))


def _fit(node: Any) -> Fit:
    if isinstance(node, LicenseWithExceptionSymbol):
        # an exception permits more than the licence does
        return min(Fit.WEAK, _fit(node.license_symbol))
    if isinstance(node, LicenseSymbol):
        return _FITS.get(_categories().get(node.key, ""), Fit.UNKNOWN)
    fits = [_fit(each) for each in node.args]
    return min(fits) if node.operator.strip() == "OR" else max(fits)


@cache
def _spdx() -> Any:
    return get_spdx_licensing()


@cache
def _categories() -> dict[str, str]:
    return {each["spdx_license_key"]: each["category"] for each in get_license_index() if "category" in each}


def _bsd(distribution: Distribution) -> str:
    """Tell the BSD licences apart by the shipped text, which in one of them forbids use of the names."""
    files = [file for file in distribution.files or () if _LICENCE_FILE.search(file.name)]
    read = [file.read_text() for file in files if file.suffix in ("", ".txt", ".md", ".rst")]
    texts = [distribution.metadata.get("License") or "", *read]
    if any(_THIRD_CLAUSE.search(text) for text in texts):
        return "BSD-3-Clause"
    return "BSD-2-Clause" if any("Redistribution" in text or "2-Clause" in text for text in texts) else ""

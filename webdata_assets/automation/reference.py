"""The rules of repair as a page, docs/repair.md.

What belongs here: rendering. What does not: the rules (rules.py).
"""

from collections.abc import Iterable
from pathlib import Path

from webdata_assets.automation.rules import CAUSE_RULES, CHECK_RULES, MEANINGS, Action, Rule

REFERENCE_PATH = Path(__file__).resolve().parents[2] / "docs" / "repair.md"

_HEAD = """# Rules of repair

Written from the rules in `webdata_assets/automation/rules.py` by `make schema`. How repairs are budgeted is
told in [how it works](how-it-works.md#repair).

A partition is answered for its earliest layer that failed, and where several checks of that layer failed, by
the rule that comes first. *Once* means that a data version which the same action has made again, and which
failed again, is left to a person at once: the outcome would be the same.
"""


def render() -> str:
    """Return the page."""
    return "\n".join(
        [
            _HEAD,
            "## Actions\n",
            *_table(
                ("action", "job", "what it does"),
                ((str(action), _code(action.job), MEANINGS[action]) for action in Action),
            ),
            "\n## A blocking check failed\n",
            *_table(("check", "action", "why"), (_row(rule, CHECK_RULES) for rule in CHECK_RULES)),
            "\n## Other causes\n",
            *_table(("cause", "action", "why"), (_row(rule, CAUSE_RULES) for rule in CAUSE_RULES)),
            "",
        ]
    )


def _row(rule: Rule, rules: Iterable[Rule]) -> tuple[str, str, str]:
    others = any(other.check == rule.check and other.asset != "*" for other in rules)
    asset = f"every {'other ' if others else ''}asset" if rule.asset == "*" else f"`{rule.asset}`"
    return f"{asset}: {rule.check}", f"{rule.action}{', once' if rule.once else ''}", rule.why


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [_line(head), _line("---" for _ in head), *map(_line, rows)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(job: str | None) -> str:
    return f"`{job}`" if job else "none"


if __name__ == "__main__":
    REFERENCE_PATH.write_text(render(), encoding="utf-8")

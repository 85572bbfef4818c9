"""docs/cleaning.md says what the code does."""

import re
from pathlib import Path

import pytest
import yaml

from webdata_assets.sources.clean import Clean
from webdata_assets.stages.clean.injection import PATTERNS
from webdata_assets.stages.clean.pii import KINDS
from webdata_assets.stages.clean.quality.rules import FAMILIES, rules_of

PAGE = (Path(__file__).parents[2] / "docs/cleaning.md").read_text(encoding="utf-8")
RULES = [rule for family in FAMILIES.values() for rule in family]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_quality_rule_is_there_with_its_threshold_and_paper(rule) -> None:
    assert f"| `{rule.name}` | {' '.join(rule.description.split())} |" in PAGE


@pytest.mark.parametrize("name", [*dict.fromkeys(kind.name for kind in KINDS), *PATTERNS])
def test_each_kind_of_personal_data_and_injection_is_there(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_example_is_a_valid_policy() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example
    policy = Clean.model_validate(yaml.safe_load(example[1])["clean"])
    assert rules_of(policy.quality)

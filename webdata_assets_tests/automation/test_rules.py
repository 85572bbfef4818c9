"""The table of rules: one for every blocking check, none for what does not exist, and its page in docs/."""

import pytest

from webdata_assets.assets.kept_pages import visits_missing_only
from webdata_assets.automation.reference import REFERENCE_PATH, render
from webdata_assets.automation.rules import CAUSE_RULES, CHECK_RULES, MEANINGS, Action, cause_rule, rule_for
from webdata_assets.checks.catalogue import STEPS
from webdata_assets.schemas import TABLES

BLOCKING = [(table.name, check) for table in TABLES.values() for check in table.blocking_checks]
DEFINED = {(check.table.name, check.name) for checks in STEPS.values() for check in checks}


@pytest.mark.parametrize(("asset", "check"), BLOCKING)
def test_every_blocking_check_has_a_rule(asset: str, check: str):
    assert rule_for(asset, [check]) is not None


def test_no_rule_is_about_a_check_that_does_not_block():
    own = {(rule.asset, rule.check) for rule in CHECK_RULES if rule.asset != "*"}
    assert own <= set(BLOCKING)
    assert own <= DEFINED


def test_no_two_rules_are_about_the_same():
    for rules in (CHECK_RULES, CAUSE_RULES):
        keys = [(rule.asset, rule.check) for rule in rules]
        assert len(set(keys)) == len(keys)


def test_a_rule_of_an_asset_goes_before_the_rule_of_all():
    assert cause_rule("pages", "interrupted").action is Action.RESUME
    assert cause_rule("features", "interrupted").action is Action.REPLAY


def test_a_cause_without_a_rule_is_a_bug():
    with pytest.raises(ValueError, match="no rule for moonlight of pages"):
        cause_rule("pages", "moonlight")


def test_only_the_re_crawl_of_what_is_missing_is_told_to_the_run():
    assert [action for action in Action if visits_missing_only(action.tags)] == [Action.RECRAWL_MISSING]


def test_every_action_is_explained():
    assert set(MEANINGS) == set(Action)


def test_the_page_of_the_rules_is_current():
    assert REFERENCE_PATH.read_text(encoding="utf-8") == render(), "run `make schema`"

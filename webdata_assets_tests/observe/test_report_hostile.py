"""Whatever text data hold, it is shown as text: no element, no attribute, nothing that disguises."""

import dataclasses
import html
import re

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webdata_assets.partitions import Partition
from webdata_assets.stages.observe.report.facts import Facts
from webdata_assets.stages.observe.report.page import render
from webdata_assets.stages.observe.report.text import MAX_CHARACTERS, shown
from webdata_assets_tests.observe.pages import elements, texts

MARKUP = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "</style><b>",
    "</td></tr></table><h1>", "]]><!--", "{{ 7 * 7 }}", "{% raw %}", "&lt;b&gt;", "javascript:alert(1)",
    "`code`", "\u202eevil\u2066", "a\x00b\x1bc\u200b\ud800", "x" * 100_000, "<" * 100_000,
)  # fmt: skip
DISGUISE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
BENIGN = "benign"

any_text = st.one_of(
    st.text(min_size=1, max_size=60),
    st.sampled_from(MARKUP),
    st.tuples(st.sampled_from(MARKUP), st.text(max_size=20)).map("".join),
)


def spoilt(facts: Facts, text: str) -> Facts:
    """Return facts of one source in which every text that data can hold is this one."""
    stored = text.encode("utf-8", "replace").decode()  # tables hold no lone surrogates
    says = pl.lit(stored)

    def renamed(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(source="shop_05").with_columns(source=says)

    [failed] = facts.inventory.rows
    source = next(source for source in facts.sources if source.name == "shop_05")
    slo = facts.service_levels.filter(pl.col("job").is_in(["all", "crawl"]))
    return dataclasses.replace(
        facts,
        sources=(dataclasses.replace(source, name=stored),),
        states={name: renamed(frame) for name, frame in facts.states.items()},
        verdicts={
            name: renamed(frame).with_columns(detail=says, threshold_origin=says)
            for name, frame in facts.verdicts.items()
        },
        inventory=dataclasses.replace(
            facts.inventory,
            by_layer={text: 1},
            rows=(
                dataclasses.replace(
                    failed, partition=Partition(failed.partition.date, text), detail=text, checks=(text,)
                ),
            ),
        ),
        reasons=dataclasses.replace(
            facts.reasons,
            quarantine=facts.reasons.quarantine.with_columns(rule=says, disposition=says),
            dead_letters=facts.reasons.dead_letters.with_columns(reason=says, failure_domain=says),
        ),
        monitoring=facts.monitoring.with_columns(name=says),
        models=facts.models.with_columns(reason=says, metric=says),
        releases=facts.releases.with_columns(reason=says, index_snapshot=says),
        deliveries=facts.deliveries.with_columns(sink=says, target=says),
        service_levels=slo.with_columns(job=pl.when(job="crawl").then(says).otherwise("job")),
        alerts=facts.alerts.with_columns(title=says, body=says),
        proposals=facts.proposals.with_columns(source=says, field=says, proposal=pl.lit(stored or "x")),
    )


@pytest.fixture(scope="module")
def expected(facts: Facts) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
    return elements(render(spoilt(facts, BENIGN)))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=any_text.filter(lambda text: text != "all"))
def test_no_element_and_no_attribute_comes_from_data(facts, expected, text):
    page = render(spoilt(facts, text))
    unchanged = elements(page) == expected  # apart, because nobody reads the difference of whole pages
    assert unchanged
    assert not DISGUISE.search(html.unescape(page))


@pytest.mark.parametrize("text", MARKUP)
def test_hostile_text_leaves_the_page_as_it_was(facts, expected, text):
    page = render(spoilt(facts, text))
    unchanged = elements(page) == expected  # apart, because nobody reads the difference of whole pages
    assert unchanged
    assert not DISGUISE.search(html.unescape(page))


def test_markup_is_shown_as_it_was_written(facts):
    assert "<script>alert(1)</script>" in texts(render(spoilt(facts, "<script>alert(1)</script>")))


def test_templates_in_data_are_not_evaluated(facts):
    told = texts(render(spoilt(facts, "{{ 7 * 7 }}")))
    assert "{{ 7 * 7 }}" in told


def test_a_long_text_is_cut(facts):
    benign, long = (len(render(spoilt(facts, text))) for text in (BENIGN, "x" * 100_000))
    assert long - benign < 200 * MAX_CHARACTERS


@given(st.text(max_size=600))
def test_what_is_shown_is_short_and_on_one_line(text):
    written = str(shown(text))
    assert len(written) <= MAX_CHARACTERS + 2
    assert "\n" not in written
    assert not DISGUISE.search(written)

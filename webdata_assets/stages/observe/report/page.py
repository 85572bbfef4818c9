"""The page: facts in, one HTML document out that asks nobody for anything and runs nothing.

What belongs here: putting sections and templates together. What does not: what a section tells, and writing
the file (store/reports.py).
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from webdata_assets.stages.observe.report.attention import attention_section
from webdata_assets.stages.observe.report.facts import Facts
from webdata_assets.stages.observe.report.freshness import build_freshness
from webdata_assets.stages.observe.report.health import build_grid
from webdata_assets.stages.observe.report.learning import delivery_section, model_section
from webdata_assets.stages.observe.report.operations import layers_section, service_levels_section
from webdata_assets.stages.observe.report.plots import Sparklines
from webdata_assets.stages.observe.report.quality import drift_section, duplicates_section, reasons_section
from webdata_assets.stages.observe.report.series import TOPICS, build_series
from webdata_assets.stages.observe.report.summary import build_tiles, build_verdict
from webdata_assets.stages.observe.report.text import age, moment, plural, shown

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).with_name("templates")


def render(facts: Facts) -> str:
    """Return the report as one HTML document.

    Whatever a template prints is cleaned, cut and escaped (`text.shown`); only its own words and the
    drawings, which are made from numbers, are markup.
    """
    grid, freshness = build_grid(facts), build_freshness(facts)
    shown_sources = {row.source for row in grid.rows}
    series = {name: found for name, found in build_series(facts).items() if name in shown_sources}
    return _environment().get_template("page.html.j2").render(
        facts=facts,
        verdict=build_verdict(facts, grid, freshness),
        tiles=build_tiles(facts, grid, freshness),
        grid=grid,
        topics=TOPICS,
        series=series,
        odd=sum(each.newest.is_odd for found in series.values() for each in found if each.newest),
        attention=attention_section(facts),
        freshness=freshness,
        late=sum(each.state == "late" for each in freshness),
        sections=(
            reasons_section(facts),
            duplicates_section(facts),
            drift_section(facts),
            model_section(facts),
            delivery_section(facts),
            service_levels_section(facts),
            layers_section(facts),
        ),
        draw=Sparklines(grid.dates).draw if series else None,
        age=age,
        moment=moment,
        plural=plural,
    )  # fmt: skip


@cache
def _environment() -> "Environment":
    """Return the templates: escaping always, an unknown name is an error, blocks leave no blank lines."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = Markup((_TEMPLATES / "style.css").read_text())  # noqa: S704
    return environment

"""Drawings of the report as small inline SVG that takes the page's colours, light and dark.

What belongs here: drawing, from numbers only, so that no text of a page can come into an image. What does
not: the numbers (series.py), and what stands beside a drawing.

Matplotlib draws on a canvas of many points, so that whole numbers are precise enough; the page scales it.
"""

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from webdata_assets.stages.observe.report.series import Point, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE, BAND, BAD, SOFT, TEXT, SURFACE = (f"#{number:06x}" for number in range(1, 7))
"""Stand-ins that matplotlib takes for colours; the page's own variables replace them."""
_VARIABLES = {
    LINE: "--line", BAND: "--band", BAD: "--failed", SOFT: "--rule", TEXT: "--soft", SURFACE: "--surface",
}  # fmt: skip
_FREE: dict[str, Any] = {"clip_on": False, "solid_capstyle": "round"}
"""Nothing is clipped: a clip needs an id, and ids of several drawings on one page would collide."""

_SPARK_INCHES = (22.0, 4.0)
_CHART_INCHES = (36.0, 8.5)
_CHART_POINTS = 30
"""Size of a chart's letters on its canvas."""

_BEFORE = re.compile(r"^.*?(<svg)", re.DOTALL)
_UNUSED = re.compile(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</defs>|<!--.*?-->", re.DOTALL)
_SVG = re.compile(r"<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>")
_ID = re.compile(r' id="[^"]*"')
_FONT = re.compile(r"font-family: [^;]*; ")
_TURN = re.compile(r' transform="rotate\(-0 [^"]*"')
_PATH = re.compile(r' d="([^"]*)"')
_STEP = re.compile(r"([MLz])\s*(-?[\d.]+)?\s*(-?[\d.]+)?")
_DECIMALS = re.compile(r"(\d)\.\d+(?=\")")
_BETWEEN = re.compile(r">\s+<")
_LINES = re.compile(r"\s*\n\s*")


class Sparklines:
    """Draws series over the same dates: what was expected, the line, and a dot on each day outside it.

    One set of axes serves all of them: making one costs more than drawing on it.
    """

    def __init__(self, dates: Sequence[dt.date]) -> None:
        self._place = {date: number for number, date in enumerate(dates)}
        self._figure = _figure(_SPARK_INCHES)
        self._axes = self._figure.add_axes((0.005, 0.1, 0.98, 0.8))
        self._axes.set_axis_off()
        self._axes.set_xlim(0, max(1, len(dates) - 1))

    def draw(self, series: Series) -> Markup:
        """Return the drawing of a series; its title tells the newest day in words."""
        points = [point for point in series.points if point.date in self._place]
        levels = [
            level for point in points for level in (point.value, point.low, point.high) if level is not None
        ]
        if levels:
            _expected(self._axes, self._place, points, has_band=series.topic.has_band)
            _line(self._axes, self._place, points)
            least, most = min(levels), max(levels)
            self._axes.set_ylim(least, most if most > least else least + 1)
        drawing = _inline(self._figure, series.words, "spark")
        for artist in (*self._axes.lines, *self._axes.patches):
            artist.remove()
        return drawing


def score_chart(
    scores: Sequence[tuple[float, float, float]], champions: Sequence[bool], *, title: str, first: int = 1
) -> Markup:
    """Draw scores with their intervals, the oldest first; full dots are or were in use.

    Args:
        scores: score and both ends of its interval, of each version.
        champions: whether a version is or was in use.
        title: what is drawn, in our own words.
        first: number of the first version.
    """
    from matplotlib.ticker import MaxNLocator

    figure = _figure(_CHART_INCHES)
    axes = figure.add_axes((0.035, 0.12, 0.955, 0.84))
    for number, ((score, low, high), is_champion) in enumerate(zip(scores, champions, strict=True), first):
        axes.plot([number, number], [low, high], color=BAND, linewidth=30, **_FREE)
        _dot(axes, number, score, LINE, 44)
        if not is_champion:
            _dot(axes, number, score, SURFACE, 26)
    lows = [low for _, low, _ in scores]
    axes.set_xlim(first - 0.6, max(first + len(scores) - 1, first + 7) + 0.6)
    axes.set_ylim(max(0.0, min(lows, default=0.0) - 0.05), 1.005)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set(color=SOFT, linewidth=5)
    axes.grid(axis="y", color=SOFT, linewidth=4, clip_on=False)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=_CHART_POINTS, colors=TEXT, pad=16)
    return _inline(figure, title, "chart")


def _expected(axes: "Axes", place: Mapping[dt.date, int], points: Sequence[Point], *, has_band: bool) -> None:
    """Draw the band, or the least value where only that is known."""
    known = [point for point in points if point.low is not None]
    days = [place[point.date] for point in known]
    lows = [point.low or 0.0 for point in known]
    if not has_band:
        axes.step(days, lows, where="mid", color=BAND, linewidth=12, **_FREE)
        return
    highs = [point.high if point.high is not None else low for point, low in zip(known, lows, strict=True)]
    if len(days) > 1:
        corners = [*zip(days, lows, strict=True), *reversed(list(zip(days, highs, strict=True)))]
        axes.fill(*zip(*corners, strict=True), color=BAND, linewidth=0, clip_on=False)


def _line(axes: "Axes", place: Mapping[dt.date, int], points: Sequence[Point]) -> None:
    """Draw the values with gaps where a day has none, and dots: each odd day, and the newest."""
    if not points:
        return
    values = dict.fromkeys(range(len(place)), float("nan"))
    values |= {place[point.date]: point.value for point in points}
    axes.plot(list(values), list(values.values()), color=LINE, linewidth=13, **_FREE)
    for point in points:
        if point.is_odd:
            _dot(axes, place[point.date], point.value, BAD, 52)
    if not points[-1].is_odd:
        _dot(axes, place[points[-1].date], points[-1].value, LINE, 44)


def _dot(axes: "Axes", across: float, up: float, colour: str, points: float) -> None:
    """Draw a dot as a line of no length with round ends: a marker would need an id."""
    axes.plot([across, across], [up, up], color=colour, linewidth=points, **_FREE)


def _figure(inches: tuple[float, float]) -> "Figure":
    # without pyplot, which keeps figures in a global list and asks for a display
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches)
    figure.patch.set_visible(False)
    return figure


def _inline(figure: "Figure", title: str, kind: str) -> Markup:
    """Return a figure as an SVG element of few bytes, with a title for those who do not see it."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    for axes in figure.axes:
        axes.patch.set_visible(False)
    written = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "webdata", "svg.fonttype": "none", "font.family": "sans-serif"}):
        FigureCanvasSVG(figure).print_svg(  # type: ignore[no-untyped-call]
            written, metadata={"Date": None, "Creator": None}
        )
    text = _UNUSED.sub("", _BEFORE.sub(r"\1", written.getvalue(), count=1))
    text = _PATH.sub(_relative, _TURN.sub("", _FONT.sub("", _ID.sub("", text))))
    text = _DECIMALS.sub(r"\1", _BETWEEN.sub("><", _LINES.sub(" ", text))).strip()
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, f"var({variable})")
    head = rf'<svg class="{kind}" role="img" \1><title>{escape(title)}</title>'
    return Markup(_SVG.sub(lambda match: match.expand(head), text, count=1))  # noqa: S704


def _relative(match: re.Match[str]) -> str:
    """Return a path of straight lines in whole numbers, each point relative to the one before."""
    steps, x, y = [], 0, 0
    for letter, across, up in _STEP.findall(match[1]):
        if letter == "z":
            steps.append("z")
            continue
        new_x, new_y = round(float(across)), round(float(up))
        steps.append(f"M{new_x} {new_y}" if letter == "M" else f"l{new_x - x} {new_y - y}".replace(" -", "-"))
        x, y = new_x, new_y
    return f' d="{"".join(steps)}"'

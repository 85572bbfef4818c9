"""The `fetch` section of a proposal: how URLs are found, and how politely they are asked for.

What belongs here: the rule that is proposed, and those that could stand in its place. What does not: looking.
"""

import math
import re
from typing import Any
from urllib.parse import urlsplit

from webdata_assets.stages.authoring.patterns import folder_pattern, groups_of
from webdata_assets.stages.authoring.survey import Survey, covers
from webdata_assets.stages.authoring.writing import Because, Otherwise

_LEAST_PAGES = 1_000
_GROWTH = 1.5
_DEEPEST_PAGINATION = 1_000
_NUMBER = re.compile(r"\d+")
_ANY_NUMBER = r"\\d+"
_ENDING = re.compile(r"\.[a-z0-9]{1,5}$", re.IGNORECASE)


def host_of_survey(survey: Survey) -> str:
    """Return the host that was looked at."""
    return urlsplit(survey.start.came.page.url).netloc


def fetch_of(survey: Survey) -> dict[str, Any]:
    """Return the section, with its reasons."""
    section: dict[str, Any] = {}
    if survey.needed is not None:
        why = f"As it comes, the page needs JavaScript: {survey.needed}."
        if not survey.is_readable:
            why += " No browser looked at it: install one (apt-get install chromium), and begin again."
        section["via"] = Because("browser", why)
    section["discover"] = _rules(survey)
    section["requests_per_second"] = Because(1, "For each host; be a polite guest. robots.txt is obeyed.")
    known = max((len(sitemap.pages) for sitemap in survey.sitemaps), default=0)
    most = max(_LEAST_PAGES, math.ceil(known * _GROWTH / _LEAST_PAGES) * _LEAST_PAGES)
    section["max_pages"] = Because(most, "Of one partition; raise it if a run ends `capped`.")
    return section


def pages_pattern(survey: Survey) -> str | None:
    """Return which URLs hold records, where pages on the way to them do not."""
    if survey.found_by == "listing" and survey.targets and not _sitemap_of_targets(survey):
        patterns = [group.pattern for group in survey.targets]
        return patterns[0] if len(patterns) == 1 else "|".join(f"(?:{pattern})" for pattern in patterns)
    return None


def _rules(survey: Survey) -> list[Any]:
    url = survey.start.came.url
    if survey.found_by == "api":
        way = dict(survey.api or {})
        said = "The second page was asked for, and gave other objects." if way else _no_next()
        return [Because({"by": "api", "start": [url], **way}, said)]
    if survey.found_by == "records":
        return [_pages_of_records(survey)]
    found: list[Any] = []
    sitemap = _sitemap_of_targets(survey)
    patterns = [group.pattern for group in survey.targets]
    said = "; ".join(f"{len(group.urls)} URLs are of the form {group.pattern}" for group in survey.targets)
    if sitemap is not None:
        rule: dict[str, Any] = {"by": "sitemap", "start": [sitemap.url]}
        if survey.targets:
            rule["allow"] = Because(patterns, f"{said}.")
        parts = f", in {sitemap.parts} parts of which {sitemap.read} were read" if sitemap.parts else ""
        dates = ", with dates of change" if sitemap.has_dates else ""
        why = f"{sitemap.said_by}: {len(sitemap.pages)} pages{parts}{dates}."
        found.append(Because(rule, why))
    if survey.listing is not None and survey.found_by == "listing":
        listing = survey.listing
        goes_on = f"The next page is found by itself: {listing.next}" if listing.next else _no_next()
        why = f"{listing.count} blocks, whose links lead to pages. {goes_on}"
        found.append(Because({"by": "listing", "start": [url], "items": listing.items}, why))
    for feed in survey.feeds:
        why = f"The head announces it: {len(feed.pages)} entries, the newest pages only."
        found.append(Because({"by": "feed", "start": [feed.url]}, why))
    if survey.found_by == "links":
        found.append(_links(survey))
    if not found:
        found.append(
            Because({"by": "urls", "start": [url]}, "Nothing was found that leads to further pages.")
        )
    first, *others = found
    return [first, *(Otherwise(other.value, f"Instead, or as well: {other.why}") for other in others)]


def _sitemap_of_targets(survey: Survey) -> Any:
    """Return the sitemap that names most of the pages that are content."""
    for sitemap in survey.sitemaps:
        if survey.found_by == "sitemap" or covers(sitemap.pages, survey.targets):
            return sitemap
    return None


def _no_next() -> str:
    return "Nothing on it leads to a next page."


def _pages_of_records(survey: Survey) -> Because:
    url = survey.start.came.url
    records = survey.records
    assert records is not None
    if records.next is None:
        return Because({"by": "urls", "start": [url]}, f"The records are on this page. {_no_next()}")
    further = [records.next, *(seen.look["next"] for seen in survey.samples if seen.look.get("next"))]
    patterns = [_numbered(further)]
    rule = {
        "by": "links",
        "start": [url],
        "allow": Because(patterns, "The pages of the list, and no others."),
        "max_depth": Because(_DEEPEST_PAGINATION, "Each page leads to the next one."),
    }
    return Because(rule, f"The records are on the pages of a list, which goes on at {records.next}")


def _numbered(urls: list[str]) -> str:
    """Return the pattern of pages that differ in their number."""
    if len(urls) > 1:
        return groups_of(urls)[0].pattern
    parts = urlsplit(urls[0])
    origin = re.escape(f"{parts.scheme}://{parts.netloc}")
    return f"^{origin}{_NUMBER.sub(_ANY_NUMBER, re.escape(urls[0].partition(parts.netloc)[2]))}$"


def _links(survey: Survey) -> Because:
    rule: dict[str, Any] = {
        "by": "links",
        "start": [survey.start.came.url],
        "allow": Because([folder_pattern(survey.start.came.page.url)], "All below the first page's folder."),
    }
    endings = sorted({match[0] for url in survey.files if (match := _ENDING.search(url.partition("?")[0]))})
    if endings:
        pattern = rf"\.(?:{'|'.join(re.escape(ending[1:]) for ending in endings)})$"
        rule["deny"] = Because([pattern], f"{len(survey.files)} links lead to files that are no pages.")
    rule["max_depth"] = 5
    return Because(
        rule, f"No sitemap and no feed; {survey.count} links lead to pages below the page's folder."
    )

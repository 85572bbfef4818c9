"""The YAML of a new source, for a person to edit.

What belongs here: the text with its comments. What does not: writing it to a folder (cli.py).
"""

import datetime as dt
import json
import re
from urllib.parse import urlsplit

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.model import SOURCE_NAME_PATTERN

_TEMPLATE = """\
# yaml-language-server: $schema=./source.schema.json
name: {name}
description: {description}
enabled: true
start: {start} # the first date that the source has
cadence_hours: 24 # how often fresh data is due; a partition is stale at 1.5 times this
# schedule: "0 6 * * *" # cron, UTC

# A live site shows today only. If yours can be asked for a past date, say how, and backfills work:
# as_of:
#   param: date # or `header: X-As-Of`

fetch:
  via: http # `browser` for pages that need JavaScript
  discover:
    # Other ways to find pages: urls, listing, sitemap, feed, api.
    - by: links
      start: [{url}]
      allow: [{allow}]
      max_depth: 5
  requests_per_second: 1 # per host; be a polite guest
  max_pages: 1000

# docs/extracting.md shows selectors, types and policies at work; `items` is for many records on a page, and
# `python: package.module:function` for what selectors do not reach.
extract:
  kind: article # or product, document, item; `text` is the page's main content unless a field says how
  fields:
    title: h1 # short for a CSS selector; `//h1` is an XPath
    published_at:
      type: date
      from: # tried in order; the first that matches wins
        - meta: article:published_time
        - css: time
          attr: datetime

expect: # what must hold before anything downstream reads a partition
  fetched: 0.95
  completeness:
    title: 0.95
    text: 0.9
"""


def new_source_yaml(name: str, url: str, start: dt.date) -> str:
    """Return a commented, valid source file that follows links below the URL's folder.

    Raises:
        PermanentError: the name or the URL cannot be used; the message says what is allowed.
    """
    if not re.fullmatch(SOURCE_NAME_PATTERN, name):
        raise _refused(f"{name!r} is no source name: use lower-case letters, digits, `_` and `-`, at most 64")
    if any(not letter.isprintable() or letter.isspace() for letter in url):
        raise _refused(f"{url!r} holds spaces or control characters: write an absolute http or https URL")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise _refused(f"{url!r} is not an absolute http or https URL, such as https://example.com/blog/")
    folder = parts.path.rpartition("/")[0] + "/"
    return _TEMPLATE.format(
        name=json.dumps(name),
        description=json.dumps(f"Pages of {parts.netloc}", ensure_ascii=False),
        start=start.isoformat(),
        url=json.dumps(url, ensure_ascii=False),
        allow=json.dumps(f"^{re.escape(f'{parts.scheme}://{parts.netloc}{folder}')}", ensure_ascii=False),
    )


def _refused(message: str) -> PermanentError:
    return PermanentError(message, failure_domain=FailureDomain.CONFIGURATION)

"""The JavaScript app: an empty shell, a script, and the JSON that the script shows.

What belongs here: paths of the app. What does not: the script (app.js), which guides exist (guides.py).
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from webdata_assets.demo.guides import Guide, guides_on
from webdata_assets.demo.reply import Reply, json_reply, not_found, page, robots

HOST = "app.demo.test"
_SCRIPT = Path(__file__).with_name("app.js")


def respond(path: str, query: Mapping[str, str], date: dt.date) -> Reply:
    """Return what the app's host answers to a path on a date. There are no query parameters."""
    del query
    guides = {guide.path: guide for guide in guides_on(date)}
    match path:
        case "/robots.txt":
            return robots()
        case "/app.js":
            return Reply(_SCRIPT.read_bytes(), "text/javascript; charset=utf-8")
        case "/data/guides":
            return json_reply([_summary(guide) for guide in guides.values()])
    guide = guides.get(path.removeprefix("/data"))
    if path.startswith("/data/") and guide is not None:
        return json_reply({**_summary(guide), "steps": guide.steps, "updated": guide.updated.isoformat()})
    if path == "/" or path in guides:
        script = '<script src="/app.js" defer></script>\n'
        return page("Field Guides", '<div id="app">Loading…</div>\n', head=script)
    return not_found()


def _summary(guide: Guide) -> dict[str, object]:
    return {
        "path": guide.path,
        "title": guide.title,
        "summary": guide.summary,
        "category": guide.topic.name,
    }

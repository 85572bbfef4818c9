"""The blog: front page, posts, RSS and sitemap, all with validators.

What belongs here: paths, HTML and XML of the blog. What does not: which posts exist (posts.py).
"""

import datetime as dt
from collections.abc import Mapping
from email.utils import format_datetime
from html import escape

from webdata_assets.demo.posts import Post, posts_on, removed_paths
from webdata_assets.demo.reply import XML, Reply, not_found, page, robots, with_validators
from webdata_assets.demo.topics import TOPIC_NAMES

HOST = "blog.demo.test"
ORIGIN = f"http://{HOST}"
FEED_LENGTH = 10
_HEADER = '<header><a href="/">Slow Afternoons</a> <a href="/feed.xml">Feed</a></header>\n'
_FOOTER = '<footer><p>Slow Afternoons is written by five friends. <a href="/admin">Sign in</a></p></footer>\n'


def respond(path: str, query: Mapping[str, str], date: dt.date) -> Reply:
    """Return what the blog answers to a path on a date. There are no query parameters."""
    del query
    posts = posts_on(date)
    match path:
        case "/robots.txt":
            return robots(sitemap=f"{ORIGIN}/sitemap.xml")
        case "/admin":
            return page("Sign in", "<main><h1>Sign in</h1></main>\n")
        case "/":
            return _front_page(posts)
        case "/feed.xml":
            return with_validators(_feed(posts), modified_at=_newest(posts))
        case "/sitemap.xml":
            return with_validators(_sitemap(posts), modified_at=_newest(posts))
    if path in {f"/images/{name}.svg" for name in TOPIC_NAMES}:
        return Reply(b'<svg xmlns="http://www.w3.org/2000/svg" width="12" height="8"/>\n', "image/svg+xml")
    if path in removed_paths(date):
        return page("Gone", "<main><h1>This post was taken down by its author</h1></main>\n", status=410)
    post = next((post for post in posts if post.path == path), None)
    return not_found() if post is None else with_validators(_post_page(post), modified_at=post.modified_at)


def _newest(posts: list[Post]) -> dt.datetime:
    return max(post.modified_at for post in posts)


def _front_page(posts: list[Post]) -> Reply:
    links = "".join(f'<li><a href="{post.path}">{escape(post.title)}</a></li>\n' for post in posts)
    return page(
        "Slow Afternoons", f"{_HEADER}<main><h1>Slow Afternoons</h1>\n<ul>\n{links}</ul></main>\n{_FOOTER}"
    )


def _post_page(post: Post) -> Reply:
    meta = {
        "og:type": "article",
        "og:title": post.title,
        "og:url": f"{ORIGIN}{post.path}",
        "og:image": f"{ORIGIN}/images/{post.topic.name}.svg",
        "article:section": post.topic.name,
        "article:published_time": post.published_at.isoformat(),
    }
    properties = "".join(
        f'<meta property="{name}" content="{escape(value)}">\n' for name, value in meta.items()
    )
    head = f'<meta name="author" content="{escape(post.author)}">\n{properties}'
    sections = "".join(
        f"<h2>{escape(section.heading)}</h2>\n<p>{escape(section.paragraph)}</p>\n"
        for section in post.sections
    )
    body = (
        f'<main>\n<article>\n<h1>{escape(post.title)}</h1>\n<p class="byline">By '
        f'<span class="author">{escape(post.author)}</span> on '
        f'<time datetime="{post.published_at.isoformat()}">{post.published_at:%d %B %Y}</time> in '
        f'<span class="category">{post.topic.name}</span></p>\n'
        f"<p>{escape(post.opening)}</p>\n{sections}</article>\n</main>\n"
    )
    return page(post.title, f"{_HEADER}{body}{_FOOTER}", head=head)


def _feed(posts: list[Post]) -> Reply:
    """Return RSS 2.0 with the newest posts."""
    newest = sorted(posts, key=lambda post: (post.published_at, post.path), reverse=True)[:FEED_LENGTH]
    items = "".join(
        f"<item><title>{escape(post.title)}</title><link>{ORIGIN}{post.path}</link>"
        f'<guid isPermaLink="true">{ORIGIN}{post.path}</guid><category>{post.topic.name}</category>'
        f"<pubDate>{format_datetime(post.published_at, usegmt=True)}</pubDate>"
        f"<description>{escape(post.opening)}</description></item>\n"
        for post in newest
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>Slow Afternoons</title>'
        f"<link>{ORIGIN}/</link><description>Notes on things worth doing slowly</description>\n"
        f"{items}</channel></rss>\n"
    )
    return Reply(xml.encode(), "application/rss+xml; charset=utf-8")


def _sitemap(posts: list[Post]) -> Reply:
    """Return a sitemap of all posts (sitemaps.org)."""
    entries = "".join(
        f"<url><loc>{ORIGIN}{post.path}</loc><lastmod>{post.modified_at.isoformat()}</lastmod></url>\n"
        for post in posts
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n'
    )
    return Reply(xml.encode(), XML)

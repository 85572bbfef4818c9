"""Unlike sites to look at: written to a folder, or answered by the fault server.

What belongs here: their pages. What does not: assertions.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from webdata_assets_tests.site.answers import page
from webdata_assets_tests.site.server import FaultServer

WORDS = (
    "gardens", "lamps", "kettles", "bridges", "harbours", "violins", "orchards", "glaciers", "mills", "maps",
    "looms", "ferries", "clocks", "kites", "canals", "wells",
)  # fmt: skip
PROSE = (
    "People have written about {word} for longer than anyone remembers, and each of them saw something else. "
    "The first thing to know of {word} is that they take time: number {number} in our series shows how much. "
    "Whoever looks closely finds small differences, and these differences are what the work consists of."
)


def prose(number: int) -> str:
    """Return a few paragraphs that differ from those of any other number."""
    chosen = [WORDS[(number + step) % len(WORDS)] for step in range(5)]
    return "".join(f"<p>{PROSE.format(word=word, number=number)}</p>" for word in chosen)


def quotes(site: FaultServer, pages: int = 4) -> None:
    """Ten quotes a page, with authors and tags, page after page: the quotes are the records."""
    tags = "<h2>Top tags</h2><a class=tag href=/tag/life/>life</a>"
    for number in range(1, pages + 1):
        boxes = "".join(_quote(number * 100 + place) for place in range(10))
        following = (
            f'<li class="next"><a href="/page/{number + 1}/">Next →</a></li>' if number < pages else ""
        )
        html = (
            f"<!doctype html><html lang=en><title>Quotes</title><body><div class=container><h1>Quotes</h1>"
            f"<div class=row><div class=col-md-8>{boxes}<nav><ul class=pager>{following}</ul></nav></div>"
            f"<div class='col-md-4 tags-box'>{tags}</div></div>"
        )
        site.add("/" if number == 1 else f"/page/{number}/", page(html))


def _quote(number: int) -> str:
    word = WORDS[number % len(WORDS)]
    author = f"{WORDS[number % 7].title()} Writer"
    return (
        f'<div class="quote"><span class="text">“Whoever owns {number} {word} needs no advice.”</span>'
        f'<span>by <small class="author">{author}</small> <a href="/author/{number % 7}">(about)</a></span>'
        f'<div class="tags">Tags: <a class="tag" href="/tag/{word}/">{word}</a> '
        f'<a class="tag" href="/tag/{number}/">n{number}</a></div></div>'
    )


def shop(site: FaultServer, products: int = 24) -> None:
    """A list in pages that leads to products, each with JSON-LD; no sitemap."""
    for first in range(0, products, 12):
        boxes = "".join(
            f'<li class="product-card"><a href="/p/{number}-{_thing(number)}"><img src="/i/{number}.jpg"></a>'
            f'<h3><a href="/p/{number}-{_thing(number)}">Fine {_thing(number)} {number}</a></h3>'
            f'<span class="price">€ {number}.90</span></li>'
            for number in range(first + 1, min(first + 12, products) + 1)
        )
        number = first // 12 + 1
        more = f'<a rel=next href="/list?page={number + 1}">next</a>' if first + 12 < products else ""
        html = (
            f"<!doctype html><html lang=en><title>Shop</title><body><nav><a href=/cart>Cart</a></nav>"
            f"<h1>Everything</h1><ul class=grid>{boxes}</ul>{more}"
        )
        site.add("/" if number == 1 else f"/list?page={number}", page(html))
    for number in range(1, products + 1):
        site.add(f"/p/{number}-{_thing(number)}", page(_product(number)))


def _thing(number: int) -> str:
    return WORDS[number % len(WORDS)][:-1]


def _product(number: int) -> str:
    stated = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": f"Fine {_thing(number)} {number}",
        "sku": f"S-{number:04}",
        "color": WORDS[number % 3],
        "brand": {"@type": "Brand", "name": f"Maker {number % 4}"},
        "image": f"/i/{number}.jpg",
        "offers": {
            "@type": "Offer",
            "price": f"{number}.90",
            "priceCurrency": "EUR",
            "availability": "https://schema.org/InStock",
        },
    }
    return (
        f"<!doctype html><html lang=en><title>Fine {_thing(number)} {number} | Shop</title>"
        f'<script type="application/ld+json">{json.dumps(stated)}</script><body><main>'
        f'<h1 class="product-title">Fine {_thing(number)} {number}</h1><p class="sku">S-{number:04}</p>'
        f'<p class="price">€ {number}.90</p><div class="description">{prose(number)}</div></main>'
    )


def blog(site: FaultServer, posts: int = 14) -> None:
    """Posts with a sitemap that robots.txt names, and an RSS feed that the head announces."""
    urls = [f"{site.origin}/posts/{number}-{WORDS[number % len(WORDS)]}" for number in range(1, posts + 1)]
    others = [f"{site.origin}/about", f"{site.origin}/tags/life"]
    site.add("/robots.txt", page(f"User-agent: *\nDisallow: /admin\nSitemap: {site.origin}/map.xml\n",
                                 content_type="text/plain"))  # fmt: skip
    site.add("/map.xml", page(sitemap([*urls, *others]), content_type="application/xml"))
    entries = "".join(f"<item><title>{url}</title><link>{url}</link></item>" for url in urls[-5:])
    site.add("/feed.xml", page(f'<?xml version="1.0"?><rss version="2.0"><channel><title>B</title>{entries}'
                               "</channel></rss>", content_type="application/rss+xml"))  # fmt: skip
    teasers = "".join(
        f'<article class="teaser"><h2><a href="{url}">{_headline(number)}</a></h2><time datetime="2026-05-'
        f'{number:02}">May {number}</time><p class="excerpt">All about number {number}.</p></article>'
        for number, url in list(enumerate(urls, start=1))[-5:]
    )
    head = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    site.add("/", page(f"<!doctype html><html lang=en><head><title>Blog</title>{head}</head><body>{teasers}"))
    for other in ("/about", "/tags/life"):
        site.add(
            other, page(f"<!doctype html><html lang=en><title>Other</title><body><h1>Other</h1>{prose(99)}")
        )
    for number, url in enumerate(urls, start=1):
        site.add(url.removeprefix(site.origin), page(_post(number)))


def _headline(number: int) -> str:
    return f"What {WORDS[number % len(WORDS)]} taught us, part {number}"


def _post(number: int) -> str:
    return (
        f"<!doctype html><html lang=en><head><title>{_headline(number)} – Blog</title></head><body><article>"
        f'<h1 class="post-title">{_headline(number)}</h1><p class="meta">By <a rel="author" class="author" '
        f'href="/a">Ann {WORDS[number % 5].title()}</a> on <time datetime="2026-05-{number:02}">May {number}'
        f", 2026</time></p>{prose(number)}</article>"
    )


def sitemap(urls: Sequence[str]) -> str:
    """Return a sitemap of URLs, with a date each."""
    entries = "".join(f"<url><loc>{url}</loc><lastmod>2026-05-01</lastmod></url>" for url in urls)
    return (
        f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'
    )


def indexed(site: FaultServer) -> None:
    """Articles that only a sitemap index at the usual place names."""
    parts = [f"{site.origin}/sitemaps/{name}.xml" for name in ("tags", "posts-1", "posts-2")]
    listed = "".join(f"<sitemap><loc>{part}</loc></sitemap>" for part in parts)
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    site.add("/sitemap.xml", page(f'<?xml version="1.0"?><sitemapindex {space}>{listed}</sitemapindex>',
                                  content_type="application/xml"))  # fmt: skip
    site.add("/sitemaps/tags.xml", page(sitemap([f"{site.origin}/tag/x"]), content_type="application/xml"))
    for part in (1, 2):
        urls = [f"{site.origin}/articles/{part}{number}.html" for number in range(10, 18)]
        site.add(f"/sitemaps/posts-{part}.xml", page(sitemap(urls), content_type="application/xml"))
        for number, url in enumerate(urls, start=1):
            site.add(url.removeprefix(site.origin), page(_post(number + part * 8)))
    site.add(
        "/", page(f"<!doctype html><html lang=en><title>Magazine</title><body><h1>Magazine</h1>{prose(1)}")
    )


def api(site: FaultServer, pages: int = 3) -> None:
    """Reviews as JSON, ten an answer, that go on by a cursor."""
    for number in range(pages):
        items = [
            {
                "id": number * 10 + place,
                "title": f"Review {number * 10 + place}",
                "body": f"The {WORDS[place]} that came were good, and lasted {number + place} years here.",
                "stars": place % 5 + 1,
                "created_at": f"2026-05-{place + 1:02}T08:00:00Z",
                "user": {"name": f"{WORDS[place].title()} Reader"},
                "tags": [WORDS[place], "house"],
            }
            for place in range(10)
        ]
        answer = {"items": items, "next_cursor": f"c{number + 1}" if number + 1 < pages else None}
        target = "/reviews" if number == 0 else f"/reviews?cursor=c{number}"
        site.add(target, page(json.dumps(answer), content_type="application/json"))


def app(site: FaultServer) -> None:
    """An empty frame that a script fills with links to guides, which are empty frames too."""
    guides = {f"/guides/{number}": _headline(number) for number in range(1, 9)}
    data = {
        path: {"title": title, "html": prose(number)} for number, (path, title) in enumerate(guides.items())
    }
    script = (
        "const data = " + json.dumps(data).replace("</", "<\\/") + ";"
        "const root = document.getElementById('app'); const here = data[location.pathname];"
        "root.innerHTML = here ? `<article><h1>${here.title}</h1>${here.html}</article>`"
        " : '<h1>Guides</h1><ul class=guides>' + Object.entries(data).map(([path, guide]) =>"
        " `<li class=guide><h2><a href='${path}'>${guide.title}</a></h2><p class=about>"
        "All of ${guide.title}, told slowly.</p></li>`).join('') + '</ul>';"
    )
    shell = (
        "<!doctype html><html lang=en><head><title>Guides</title></head><body><div id=app></div>"
        f"<noscript>Please enable JavaScript.</noscript><script>{script}</script></body></html>"
    )
    for path in ("/", *guides):
        site.add(path, page(shell))


def collected(folder: Path, target: Path, names: Sequence[str]) -> None:
    """Write saved pages of many sites, gzipped, with a page that lists them under their names."""
    import gzip

    (target / "pages").mkdir(parents=True)
    for name in names:
        (target / "pages" / f"{name}.html").write_bytes(
            gzip.decompress((folder / f"{name}.html.gz").read_bytes())
        )
    boxes = "".join(f'<li><a href="/pages/{name}.html">Saved page {name}</a></li>' for name in names)
    (target / "index.html").write_text(
        f"<!doctype html><html lang=en><title>Saved pages</title><h1>Saved pages</h1><ul>{boxes}</ul>"
    )

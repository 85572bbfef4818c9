"""Which of a page's objects describes the page.

What belongs here: how well types fit a kind of source. What does not: what is read from the chosen object.
"""

from collections.abc import Iterable

from webdata_assets.stages.extract.structured.objects import JsonObject, types_of

_ARTICLE_TYPES = frozenset(
    {
        "Article", "NewsArticle", "BlogPosting", "ReportageNewsArticle", "AnalysisNewsArticle",
        "OpinionNewsArticle", "ReviewNewsArticle", "TechArticle", "ScholarlyArticle", "LiveBlogPosting",
        "AdvertiserContentArticle", "SocialMediaPosting", "DiscussionForumPosting", "Report", "QAPage",
    }
)  # fmt: skip
_PRODUCT_TYPES = ("Product", "IndividualProduct", "ProductModel", "ProductGroup", "Vehicle", "Car")
"""From the type that says most to the one that says least."""
_PAGE_TYPES = frozenset(
    {
        "WebPage", "ItemPage", "AboutPage", "ContactPage", "CollectionPage", "FAQPage", "ProfilePage",
        "SearchResultsPage",
    }
)  # fmt: skip
_FURNITURE_TYPES = frozenset(
    {
        "WebSite", "Organization", "NewsMediaOrganization", "Corporation", "OnlineStore", "LocalBusiness",
        "BreadcrumbList", "Person", "ImageObject", "SearchAction", "SiteNavigationElement", "ItemList",
        "ListItem", "WPHeader", "WPFooter", "WPSideBar", "Question", "Answer", "Comment", "Review", "Rating",
        "AggregateRating", "Offer", "AggregateOffer", "Place", "PostalAddress", "ContactPoint", "VideoObject",
    }
)  # fmt: skip
"""Types that describe the site or a part of the page, and never what the page is about."""


def best_object(items: Iterable[JsonObject], kind: str) -> JsonObject | None:
    """Return the object that describes a page of this kind, of equals the first.

    Product pages need a Product. Articles and documents take an article, else the page; items prefer a type
    of their own (Recipe, Event…) to the article or page around it.
    """
    ranked = [(rank, item) for item in items if (rank := _rank(item, kind)) is not None]
    best = min(ranked, key=lambda entry: entry[0], default=None)
    return best[1] if best else None


def _rank(item: JsonObject, kind: str) -> int | None:
    """Return how well an object fits a kind, 0 the best; None when it does not describe the page at all."""
    types = set(types_of(item))
    if kind == "product":
        return next((rank for rank, name in enumerate(_PRODUCT_TYPES) if name in types), None)
    if types & _ARTICLE_TYPES:
        return 1
    if types & _PAGE_TYPES:
        return 2
    return 0 if kind == "item" and types and not types & _FURNITURE_TYPES else None

"""What a page's address, its declared types and the program that made it say about the type of page.

What belongs here: the patterns. What does not: the decision, which is the model's.
"""

import re

_ADDRESS = {
    "article": r"/(?:blogs?|news|articles?|posts?|stor(?:y|ies)|magazine|insights?|opinion)/"
    r"|/20[012]\d/\d\d?/",
    "product": r"/(?:products?|p|dp|item|itm|shop/p|pd)/",
    "collection": r"/(?:collections?|categor(?:y|ies)|c|cat|product-category|shop|browse|departments?)"
    r"(?:/|$)",
    "forum": r"forum|/threads?/|/topic|showthread|viewtopic|/t/|discuss|community|/questions?/|boards?\.",
    "documentation": r"(?://|\.)docs?\.|/docs?/|/documentation|/manual|/reference|/wiki/|/help/|developer\.",
    "listing": r"/(?:search|lists?|directory|jobs|events|top|charts?|best|courses?|archive|tags?)(?:/|$)"
    r"|[?&](?:q|s|query)=",
    "service": r"/(?:services?|solutions?|pricing|plans|about|features?|platform|contact|industries)"
    r"(?:[/-]|$)",
    "root": r"^https?://[^/]+/?(?:\?|$)",
}
_DECLARED = {
    "article": r"Article|BlogPosting|Report",
    "product": r"Product",
    "collection": r"CollectionPage|OfferCatalog",
    "forum": r"DiscussionForum|QAPage|Question",
    "documentation": r"TechArticle|APIReference|HowTo",
    "listing": r"ItemList|SearchResults",
    "service": r"Service|SoftwareApplication|LocalBusiness|FAQPage",
}
_PROGRAM = {
    "forum": r"discourse|vbulletin|phpbb|xenforo|flarum|simple machines|mybb|vanilla",
    "documentation": r"sphinx|docusaurus|mkdocs|gitbook|doxygen|mediawiki|readme|javadoc|hugo",
    "shop": r"shopify|woocommerce|magento|prestashop|bigcommerce|shopware",
}
_PATTERNS = {
    kind: {name: re.compile(pattern, flags) for name, pattern in patterns.items()}
    for kind, patterns, flags in (
        ("address", _ADDRESS, re.IGNORECASE),
        ("declared", _DECLARED, 0),
        ("program", _PROGRAM, re.IGNORECASE),
    )
}


def page_hints(address: str, declared: str, program: str) -> dict[str, float]:
    """Return for each hint whether it is there, as 1 or 0.

    Args:
        address: the page's URL.
        declared: names of schema.org types.
        program: the page's `generator`.
    """
    texts = {"address": address, "declared": declared, "program": program}
    return {
        f"{kind}_{name}": float(pattern.search(texts[kind]) is not None)
        for kind, patterns in _PATTERNS.items()
        for name, pattern in patterns.items()
    }

"""What a page says of itself outside its blocks.

What belongs here: the words that blocks are compared with. What does not: reading them from a page.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PageWords:
    """A page's own account.

    Attributes:
        title: of the `title` element and og:title.
        description: of meta and og:description.
        stated: long texts of its structured data, such as `articleBody`.
        is_article: whether its structured data or og:type says that it is an article.
        is_product: whether its structured data or og:type says that it is a product.
        address: its URL.
        declared: the names of its schema.org types.
        program: its `generator`.
    """

    title: str = ""
    description: str = ""
    stated: str = ""
    is_article: bool = False
    is_product: bool = False
    address: str = ""
    declared: str = ""
    program: str = ""

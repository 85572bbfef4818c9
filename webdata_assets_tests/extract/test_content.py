from webdata_assets.stages.extract.content import ARTICLE_DEFAULTS, PAGE_DEFAULTS


def test_articles_have_what_every_page_has_by_default() -> None:
    assert PAGE_DEFAULTS.items() <= ARTICLE_DEFAULTS.items()
    assert {"description", "site_name", "canonical_url", "breadcrumbs", "language"} <= PAGE_DEFAULTS.keys()

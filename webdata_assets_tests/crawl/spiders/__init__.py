"""Real Scrapy spiders, run by the scrapy way in against a site on loopback."""

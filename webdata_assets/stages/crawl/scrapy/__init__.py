"""Scrapy spiders as jobs: a process of their own, whose items arrive through a feed."""

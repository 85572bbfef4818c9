"""Tells what it sees of the environment and of the settings."""

import os

import scrapy


class NamingSpider(scrapy.Spider):
    name = "naming"
    custom_settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": 7}  # noqa: RUF012 (as spiders are written)

    async def start(self):
        yield scrapy.Request(self.url)

    def parse(self, response):
        names = ("CONCURRENT_REQUESTS_PER_DOMAIN", "DOWNLOAD_DELAY", "DOWNLOAD_TIMEOUT", "ROBOTSTXT_OBEY")
        yield {
            "url": response.url,
            "environment": sorted(os.environ),
            "settings": {name: str(self.settings[name]) for name in names},
        }

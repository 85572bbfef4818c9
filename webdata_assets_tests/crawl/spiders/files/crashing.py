"""Raises in the callback of every second page."""

import os

import scrapy


class CrashingSpider(scrapy.Spider):
    name = "crashing"

    async def start(self):
        yield scrapy.Request(self.start_url)

    def parse(self, response):
        for link in response.css("a"):
            yield response.follow(link, self.parse_book)

    def parse_book(self, response):
        if int(response.url.rsplit("/", 1)[1]) % 2:
            raise ValueError(f"no price \x1b[31mhere\x1b[0m \ud83d, {os.environ.get('SHOP_TOKEN')}")
        yield {"url": response.url}

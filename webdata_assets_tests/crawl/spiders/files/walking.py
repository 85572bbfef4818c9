"""Follows a chain of pages, one after the other."""

import scrapy


class WalkingSpider(scrapy.Spider):
    name = "walking"

    async def start(self):
        yield scrapy.Request(self.start_url)

    def parse(self, response):
        yield {"url": response.url}
        for link in response.css("a"):
            yield response.follow(link)

"""Gives as many items as it is asked for, from one page."""

import scrapy


class CountingSpider(scrapy.Spider):
    name = "counting"

    async def start(self):
        yield scrapy.Request(self.start_url)

    def parse(self, response):
        if getattr(self, "odd", None):
            yield {"url": response.url, "name": object()}
        for number in range(int(self.count)):
            yield {"url": f"{response.url}item/{number}", "name": "Größe \u2028 📖 \ud83d"}

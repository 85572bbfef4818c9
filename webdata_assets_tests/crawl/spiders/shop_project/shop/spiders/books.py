"""Follows a shelf's links to its books."""

import scrapy


class BooksSpider(scrapy.Spider):
    name = "books"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.start_urls = [self.start_url]

    def parse(self, response):
        for link in response.css("a"):
            yield response.follow(link, self.parse_book)

    def parse_book(self, response):
        yield {
            "url": response.url,
            "html": response.text,
            "date": self.date,
            "shelf": self.shelf,
            "tags": self.tags,
        }

"""A small Scrapy project, as `scrapy startproject` makes them."""

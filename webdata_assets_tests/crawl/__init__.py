"""Tests of the crawl: every way in which a site can fail, against a server on loopback."""

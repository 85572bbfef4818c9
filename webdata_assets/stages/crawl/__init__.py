"""URL → page: frontier, ways in, politeness, retries, discovery, spool, and the crawler over them."""

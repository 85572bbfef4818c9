"""A small website on loopback, a pure function of the date: a shop, a blog, an API and a JavaScript app."""

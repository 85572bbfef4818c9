"""Finders of what a page says about itself: title, author, language, address, site, breadcrumbs, pictures."""

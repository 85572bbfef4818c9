"""Ways in to what is stored already: web archives and folders of pages."""

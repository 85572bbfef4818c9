"""The browser way in: Chromium, confined to a source's hosts."""

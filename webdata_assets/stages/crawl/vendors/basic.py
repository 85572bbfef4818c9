"""Basic authentication with a key as the name and no password (RFC 7617), as Zyte's services want it.

What belongs here: the header, and taking it out of texts. What does not: where the key is (keys.py).
"""

import base64

from webdata_assets.stages.crawl.vendors.keys import Key


class BasicKey(Key):
    """A key that travels in base64, from which it is read as easily as from plain text."""

    @classmethod
    def of(cls, key: Key) -> "BasicKey":
        """Return a key as one that is sent by basic authentication."""
        return cls(key.vendor, key.variable, key.value)

    @property
    def authorization(self) -> str:
        """The value of the header."""
        return f"Basic {self._encoded}"

    def masked(self, text: str) -> str:
        """Return the text without the key, in base64 or as it is."""
        return super().masked(text.replace(self._encoded, "***"))

    @property
    def _encoded(self) -> str:
        return base64.b64encode(f"{self.value}:".encode()).decode()

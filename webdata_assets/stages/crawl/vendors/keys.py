"""Keys of vendors' services: taken from the environment, and kept out of everything that is written.

What belongs here: the key, and taking it out of texts. What does not: how a vendor wants it sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from webdata_assets.errors import FailureDomain, PermanentError

_MASK = "***"


@dataclass(frozen=True, slots=True)
class Key:
    """A vendor's key.

    Attributes:
        vendor: as a person calls it.
        variable: the environment variable that holds it: what errors name in its place.
        value: the secret itself; empty where a self-hosted service asks for none.
    """

    vendor: str
    variable: str
    value: str = field(repr=False)

    def masked(self, text: str) -> str:
        """Return the text without the key, however a URL may spell it."""
        for spelling in {self.value, quote(self.value, safe=""), quote_plus(self.value)} - {""}:
            text = text.replace(spelling, _MASK)
        return text


def require_key(environ: Mapping[str, str], name: str, vendor: str) -> Key:
    """Return the key that an environment variable holds.

    Raises:
        PermanentError: CONFIGURATION, when the variable is missing or cannot be sent in a header.
    """
    value = environ.get(name, "").strip()
    if not value:
        raise PermanentError(
            f"{vendor} needs a key; set the environment variable {name}",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    if not (value.isascii() and value.isprintable()):
        raise PermanentError(
            f"the environment variable {name} holds characters that no key of {vendor} has",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return Key(vendor, name, value)

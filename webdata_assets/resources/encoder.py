"""The text encoder as a Dagster resource."""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

if TYPE_CHECKING:
    from webdata_assets.stages.embed.encoder import Encoder


class EncoderResource(dg.ConfigurableResource["EncoderResource"]):
    """Load the default encoder; its weights are fetched, verified and converted on first use."""

    folder: str
    """Where converted weights are kept."""
    given: str = ""
    """A folder with the original weights and tokenizer; empty to fetch them."""
    _loaded: "Encoder | None" = PrivateAttr(default=None)

    def load(self) -> "Encoder":
        """Return the encoder, loaded once per run. Raises PermanentError when a checksum does not match."""
        if self._loaded is None:
            from webdata_assets.stages.embed.encoder import load_encoder
            from webdata_assets.stages.embed.weights import ensure_encoder

            given = Path(self.given) if self.given else None
            self._loaded = load_encoder(ensure_encoder(Path(self.folder), given=given))
        return self._loaded

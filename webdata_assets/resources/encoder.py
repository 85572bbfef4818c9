"""The text encoder as a Dagster resource."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import dagster as dg
from pydantic import PrivateAttr

from webdata_assets.resources.engine import open_engine
from webdata_assets.settings import Settings

if TYPE_CHECKING:
    from webdata_assets.stages.embed.encoder import TextEncoder
    from webdata_assets.stages.embed.encoders.spec import EncoderSpec
    from webdata_assets.stages.engine.engine import Engine


class EncoderResource(dg.ConfigurableResource["EncoderResource"]):
    """Load the encoder that the settings choose. An endpoint's key is never among these fields."""

    folder: str
    """Where converted weights are kept."""
    given: str = ""
    """A folder with the default encoder's published files; empty to fetch them."""
    kind: Literal["default", "onnx", "static", "sentence-transformers", "openai"] = "default"
    model: str = ""
    """A folder, or a model's name; empty for the default encoder."""
    precision: Literal["auto", "int8", "fp32", "bf16"] = "auto"
    max_tokens: int = 0
    """Tokens of a chunk at most, special ones included; 0: what the model reads."""
    url: str = ""
    """Base URL of an OpenAI-compatible endpoint."""
    requests_per_minute: int = 600
    """To that endpoint, at most."""
    price: float = 0.0
    """Of a million tokens there."""
    engine: str = "local"
    """`local`, or a Dask scheduler's address, where texts are encoded."""
    _engine: "Engine | None" = PrivateAttr(default=None)
    _loaded: "TextEncoder | None" = PrivateAttr(default=None)

    @classmethod
    def of(cls, settings: Settings) -> "EncoderResource":
        """Return the encoder that the settings describe."""
        return cls(
            folder=str(settings.encoders),
            given=str(settings.encoder_dir or ""),
            kind=settings.encoder,
            model=settings.encoder_model,
            precision=settings.encoder_precision,
            max_tokens=settings.encoder_max_tokens,
            url=settings.encoder_url,
            requests_per_minute=settings.encoder_requests_per_minute,
            price=settings.encoder_price,
            engine=settings.engine,
        )

    def spec(self) -> "EncoderSpec":
        """Return the choice, with an endpoint's key from the environment of this process."""
        from webdata_assets.stages.embed.encoders.spec import EncoderSpec, key_of_endpoint

        return EncoderSpec(
            folder=Path(self.folder),
            given=Path(self.given) if self.given else None,
            kind=self.kind,
            model=self.model,
            precision=self.precision,
            max_tokens=self.max_tokens,
            url=self.url,
            key=key_of_endpoint(),
            requests_per_minute=self.requests_per_minute,
            price=self.price,
        )

    def expected_model_id(self) -> str:
        """Return the id of the vectors that `load` would make, without loading weights."""
        from webdata_assets.stages.embed.encoders.spec import expected_model_id

        return expected_model_id(self.spec())

    def load(self) -> "TextEncoder":
        """Return the encoder, loaded once per run. Raises PermanentError when a checksum does not match."""
        if self._loaded is None:
            from webdata_assets.stages.embed.encoders.spec import load_encoder
            from webdata_assets.stages.embed.encoders.spread import SpreadEncoder, is_spread

            spec = self.spec()
            self._loaded = load_encoder(spec)
            self._engine = open_engine(self.engine) if is_spread(spec) else None
            if self._engine is not None:
                self._loaded = SpreadEncoder(self._loaded, spec, self._engine)
        return self._loaded

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """Disconnect from the machines that encode."""
        if self._engine is not None:
            self._engine.close()
            self._engine = self._loaded = None

"""What a deployment swaps: store, sources, ways to fetch, encoder, clock."""

from webdata_assets.resources.clock import ClockResource
from webdata_assets.resources.encoder import EncoderResource
from webdata_assets.resources.fetcher import FetcherResource
from webdata_assets.resources.sources import SourcesResource
from webdata_assets.resources.store import StoreResource

__all__ = ["ClockResource", "EncoderResource", "FetcherResource", "SourcesResource", "StoreResource"]

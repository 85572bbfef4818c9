"""What a deployment swaps: store, sources, ways to fetch, processes that read, encoder, clock."""

from webdata_assets.resources.clock import ClockResource
from webdata_assets.resources.encoder import EncoderResource
from webdata_assets.resources.extractor import ExtractorResource
from webdata_assets.resources.fetcher import FetcherResource
from webdata_assets.resources.sources import SourcesResource
from webdata_assets.resources.store import StoreResource

__all__ = [
    "ClockResource",
    "EncoderResource",
    "ExtractorResource",
    "FetcherResource",
    "SourcesResource",
    "StoreResource",
]

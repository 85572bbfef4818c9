"""What a deployment swaps: store, sources, ways to fetch, processes that read, encoder, index, alerts."""

from webdata_assets.resources.alerts import AlertsResource
from webdata_assets.resources.clock import ClockResource
from webdata_assets.resources.encoder import EncoderResource
from webdata_assets.resources.extractor import ExtractorResource
from webdata_assets.resources.fetcher import FetcherResource
from webdata_assets.resources.index import IndexResource
from webdata_assets.resources.mlflow import MlflowResource
from webdata_assets.resources.sinks import SinksResource
from webdata_assets.resources.sources import SourcesResource
from webdata_assets.resources.store import StoreResource
from webdata_assets.resources.task import TaskResource

__all__ = [
    "AlertsResource",
    "ClockResource",
    "EncoderResource",
    "ExtractorResource",
    "FetcherResource",
    "IndexResource",
    "MlflowResource",
    "SinksResource",
    "SourcesResource",
    "StoreResource",
    "TaskResource",
]

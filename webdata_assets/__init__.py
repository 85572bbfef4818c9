"""Turn web sources into model input: one Dagster asset graph, partitioned by date and source."""

__version__ = "0.1.0"

"""What a page says of itself in machine-readable form: JSON-LD, microdata, RDFa, OpenGraph, meta elements."""

from webdata_assets.stages.extract.structured.data import StructuredData
from webdata_assets.stages.extract.structured.jsonld import load_jsonld
from webdata_assets.stages.extract.structured.objects import JsonObject, types_of
from webdata_assets.stages.extract.structured.reading import read_structured

__all__ = ["JsonObject", "StructuredData", "load_jsonld", "read_structured", "types_of"]

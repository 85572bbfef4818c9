"""What product pages are taken to say where the source declares no rule: from what they state, then show."""

from webdata_assets.stages.extract.products.declared import states_product
from webdata_assets.stages.extract.products.defaults import PRODUCT_FIELDS, product_defaults

__all__ = ["PRODUCT_FIELDS", "product_defaults", "states_product"]

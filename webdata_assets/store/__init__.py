"""Delta tables, the admission ledger and stored payloads: the only code that knows paths and predicates."""

from webdata_assets.store.store import Store

__all__ = ["Store"]

"""A code location that loads at once: something to launch, to wipe, and to lie about."""

import dagster as dg


@dg.asset
def stored() -> None: ...


@dg.asset_check(asset=stored)
def sound() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


defs = dg.Definitions(
    assets=[stored], asset_checks=[sound], jobs=[dg.define_asset_job("make", [stored.key.to_user_string()])]
)

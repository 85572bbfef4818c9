"""Options of object stores: what an address may hold."""

import pytest

from webdata_assets.errors import PermanentError
from webdata_assets.store.options import storage_options


@pytest.mark.parametrize(
    "root", ["s3://key:hidden@bucket/x", "abfs://files@account.example/x?sig=hidden", "gs://b/x?token=hidden"]
)
def test_an_address_with_a_secret_is_refused_and_not_shown(root: str) -> None:
    with pytest.raises(PermanentError, match="in the environment") as raised:
        storage_options(root, {})
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize(
    "root", ["s3://", "s3://bucket/x", "abfs://files@account.example/x", "gs://bucket", "/data/what?/a:b@c"]
)
def test_an_address_without_a_secret_is_taken(root: str) -> None:
    assert storage_options(root, {}) == {}

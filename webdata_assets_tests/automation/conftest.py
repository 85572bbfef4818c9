"""A deployment whose past the test writes."""

import pytest

from webdata_assets_tests.automation.history import History
from webdata_assets_tests.deployment import Deployment


@pytest.fixture
def history(deployment: Deployment) -> History:
    """A deployment with one source, `news`, and nothing in its store."""
    written = History(deployment, deployment.store)
    written.declare()
    return written

"""The store on S3 as a Dagster resource; imported only where there is one, because the import costs."""

import os

import dagster as dg
from dagster_aws.s3 import S3Resource

from webdata_assets.resources.store import StoreResource
from webdata_assets.store.options import storage_options


class S3StoreResource(StoreResource):
    """Open the tables, ledger and payloads that lie in a bucket."""

    s3: dg.ResourceDependency[S3Resource]
    """Endpoint, region and credentials; what it leaves out comes from the environment."""

    def options(self) -> dict[str, str]:
        """Return the options that the S3 resource and the environment give together."""
        return storage_options(
            self.root,
            os.environ,
            endpoint=self.s3.endpoint_url or "",
            region=self.s3.region_name or "",
            access_key=self.s3.aws_access_key_id or "",
            secret_key=self.s3.aws_secret_access_key or "",
            session_token=self.s3.aws_session_token or "",
            profile=self.s3.profile_name or "",
        )

"""What clients of object stores need to know: endpoint, region and credentials, as options.

What belongs here: from settings, an S3 resource or the environment to options. What does not: using them
(location.py, stages/objects.py).

Deltalake, polars, LanceDB and obstore share one implementation of object stores and its names of options.
Whatever is not among the options they take from the environment themselves (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
"""

from collections.abc import Mapping

from webdata_assets.errors import FailureDomain, PermanentError

_ANY_REGION = "us-east-1"
"""Servers other than Amazon's take any; clients insist on one."""


def storage_options(
    root: str,
    environ: Mapping[str, str],
    *,
    endpoint: str = "",
    region: str = "",
    access_key: str = "",
    secret_key: str = "",
    session_token: str = "",
    profile: str = "",
) -> dict[str, str]:
    """Return the options with which an address is opened; none for a local folder.

    Args:
        root: of the store: a folder, or `s3://…`, `gs://…`, `abfs://…`.
        environ: the process's environment.
        endpoint: of an S3 server other than Amazon's; the environment's `AWS_ENDPOINT_URL` if empty.
        region: of the bucket; the environment's if empty.
        access_key: with `secret_key` and perhaps `session_token`: instead of the environment's.
        profile: of the AWS configuration files; the environment's `AWS_PROFILE` if empty.

    Raises:
        PermanentError: CONFIGURATION, there is no such profile, it gives no credentials, or the address
            itself holds a password or a signature.
    """
    scheme, _, rest = root.partition("://")
    if rest and ("?" in rest or ":" in rest.partition("/")[0].rpartition("@")[0]):
        # addresses are shown in messages and metadata, so that this one is not even named here
        raise PermanentError(
            f"an address {scheme}://… holds a password or a query: leave both out, and set credentials in "
            "the environment, such as AWS_ACCESS_KEY_ID or AZURE_STORAGE_ACCOUNT_KEY",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    if not root.startswith(("s3://", "s3a://")):
        # the one thing that not every client takes from the environment
        names = (f"{prefix}_ALLOW_HTTP" for prefix in ("AZURE", "GOOGLE"))
        return {name: environ[name] for name in names if "://" in root and name in environ}
    options = {}
    endpoint = endpoint or environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or ""
    region = region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
    if endpoint:
        options["AWS_ENDPOINT_URL"] = endpoint
        if endpoint.startswith("http://"):
            options["AWS_ALLOW_HTTP"] = "true"
    if region or endpoint:
        options["AWS_REGION"] = region or _ANY_REGION
    profile = profile or environ.get("AWS_PROFILE", "")
    if not access_key and profile and "AWS_ACCESS_KEY_ID" not in environ:
        access_key, secret_key, session_token = _of_profile(profile)
    if access_key:
        options["AWS_ACCESS_KEY_ID"] = access_key
        options["AWS_SECRET_ACCESS_KEY"] = secret_key
        if session_token:
            options["AWS_SESSION_TOKEN"] = session_token
    return options


def _of_profile(profile: str) -> tuple[str, str, str]:
    """Return access key, secret and session token as Amazon's own client finds them, by role or login."""
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        found = boto3.session.Session(profile_name=profile).get_credentials()
        if found is None:
            raise PermanentError(
                f"AWS_PROFILE={profile} gives no credentials: log in, or set AWS_ACCESS_KEY_ID",
                failure_domain=FailureDomain.CONFIGURATION,
            )
        frozen = found.get_frozen_credentials()
    except BotoCoreError as error:
        raise PermanentError(
            f"AWS_PROFILE={profile}: {error}; name a profile of ~/.aws/config, or set AWS_ACCESS_KEY_ID",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    return frozen.access_key or "", frozen.secret_key or "", frozen.token or ""

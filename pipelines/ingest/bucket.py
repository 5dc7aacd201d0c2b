"""Objects in S3, by their s3:// URLs. Credentials, region and end point are boto3's own settings."""

from typing import Any

from pipelines.errors import WarehouseUnavailable

S3 = "s3://"


def put(url: str, content: bytes) -> None:
    """Write an object. Raises WarehouseUnavailable where the bucket does not take it."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        _client().put_object(**_object(url), Body=content)
    except (BotoCoreError, ClientError) as problem:
        raise WarehouseUnavailable(
            f"The file could not be kept at {url}: {problem}. Nothing was stored.",
            "Check TOUCHLINE_LAKE_URL (or TOUCHLINE_RAW_URL) and the rights to the bucket, and upload again.",
        ) from problem


def get(url: str) -> bytes | None:
    """The bytes of an object, None where there is none. Raises WarehouseUnavailable where it cannot be read."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = _client()
    try:
        body: bytes = client.get_object(**_object(url))["Body"].read()
    except client.exceptions.NoSuchKey:
        return None
    except (BotoCoreError, ClientError) as problem:
        raise WarehouseUnavailable(
            f"The kept file {url} cannot be read: {problem}.", "Check the rights to the bucket, and try again."
        ) from problem
    return body


def listed(url: str) -> list[str]:
    """The objects whose URLs begin so, in order. Raises WarehouseUnavailable where the bucket cannot be listed."""
    from botocore.exceptions import BotoCoreError, ClientError

    at = _object(url)
    try:
        pages = _client().get_paginator("list_objects_v2").paginate(Bucket=at["Bucket"], Prefix=at["Key"])
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    except (BotoCoreError, ClientError) as problem:
        raise WarehouseUnavailable(
            f"{url} cannot be listed: {problem}.", "Check the rights to the bucket, and try again."
        ) from problem
    return [f"{S3}{at['Bucket']}/{key}" for key in keys]


def remove(url: str) -> None:
    """Remove an object, if it is there. Raises WarehouseUnavailable where that is not allowed."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        _client().delete_object(**_object(url))
    except (BotoCoreError, ClientError) as problem:
        raise WarehouseUnavailable(
            f"{url} could not be removed: {problem}.", "Check the rights to the bucket, and try again."
        ) from problem


def _client() -> Any:
    import boto3  # a second to import, for those who keep files in a bucket

    return boto3.client("s3")


def _object(url: str) -> dict[str, str]:
    name, _, key = url.removeprefix(S3).partition("/")
    return {"Bucket": name, "Key": key}

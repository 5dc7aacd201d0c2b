"""Who signs what PyIceberg asks of S3: whoever boto3 says at that moment."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import boto3
import pytest
from botocore.credentials import RefreshableCredentials
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sts.models import sts_backends

from pipelines.stores.catalog import NAMESPACE, arrow_schema, load_or_create, open_glue_catalog
from pipelines.stores.signed_files import CREDENTIALS, SignedFiles
from tests.cloud.endpoint import REGION, Endpoint, environment

LAKE = "s3://lake/touchline"
ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/touchline"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """A local AWS with the lake's bucket."""
    with Endpoint() as endpoint:
        for name, value in environment(endpoint.url).items():
            monkeypatch.setenv(name, value)
        where = {"LocationConstraint": REGION}
        boto3.client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration=where)
        endpoint.signers.clear()
        yield endpoint


def test_a_role_that_a_profile_assumes_signs(
    endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    keys = "aws_access_key_id = source\naws_secret_access_key = secret\n"
    config.write_text(
        f"[profile source]\n{keys}[profile role]\nrole_arn = {ROLE}\nsource_profile = source\n", encoding="utf-8"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "role")

    catalog = open_glue_catalog(LAKE)
    catalog.create_namespace(NAMESPACE)
    load_or_create(catalog, "mentions").append(arrow_schema("mentions").empty_table())
    assert catalog.load_table(f"{NAMESPACE}.mentions").scan().to_arrow().num_rows == 0

    [assumed] = sts_backends[DEFAULT_ACCOUNT_ID]["aws"].assumed_roles
    assert endpoint.signers.pop("source") == 1  # the role is assumed, once
    assert set(endpoint.signers) == {assumed.access_key_id}


def test_credentials_that_were_renewed_sign_what_is_opened_next(endpoint: Endpoint) -> None:
    numbers = count(1)

    def renewed() -> dict[str, str]:
        """Keys that hold for so short a time that they are renewed each time they are asked for."""
        ends = datetime.now(UTC) + timedelta(seconds=30)
        key = f"key-{next(numbers)}"
        return {"access_key": key, "secret_key": "secret", "token": "token", "expiry_time": ends.isoformat()}

    credentials = RefreshableCredentials.create_from_metadata(renewed(), renewed, "test")
    place = {"s3.endpoint": endpoint.url, "s3.region": REGION}
    files = SignedFiles({**place, CREDENTIALS: credentials})
    with files.new_output("s3://lake/a").create() as written:
        written.write(b"a")
    before = set(endpoint.signers)
    with files.new_input("s3://lake/a").open() as read:
        assert read.read() == b"a"
    assert len(before) == 1
    assert set(endpoint.signers) == {*before, f"key-{next(numbers) - 1}"}
    assert len(endpoint.signers) == 2

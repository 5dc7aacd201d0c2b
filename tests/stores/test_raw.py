"""The kept bytes of uploads: in the home's folder, or in a bucket (moto's server stands in for S3)."""

from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from moto.server import ThreadedMotoServer

from pipelines.errors import NotFound, WarehouseUnavailable
from pipelines.ingest import history, raw
from pipelines.ingest.load import commit
from pipelines.stores.base import Stores
from tests.stores.prepared_files import spend_file
from tests.stores.test_uploads import MONDAY, spend


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a bucket of its own."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="uploads")
    yield "uploads"
    server.stop()


def test_a_bucket_keeps_the_files_where_one_is_named(stores: Stores, bucket: str) -> None:
    in_cloud = Stores(replace(stores.settings, raw_url=f"s3://{bucket}/touchline"), stores.warehouse, stores.lake)
    upload = commit(in_cloud, *spend_file(MONDAY), "mia")
    assert upload["raw_path"].startswith(f"s3://{bucket}/touchline/spend/")
    assert not (stores.settings.home / "raw").exists()
    # Found again also where the setting names another place by now.
    assert raw.content(stores, upload["upload_id"]) == spend_file(MONDAY)[1]
    key = upload["raw_path"].removeprefix(f"s3://{bucket}/")
    boto3.client("s3").delete_object(Bucket=bucket, Key=key)
    with pytest.raises(NotFound, match="any more"):
        raw.content(stores, upload["upload_id"])


def test_a_bucket_that_is_not_there_stores_nothing(stores: Stores, bucket: str) -> None:
    in_cloud = Stores(replace(stores.settings, raw_url=f"s3://{bucket}-none/x"), stores.warehouse, stores.lake)
    with pytest.raises(WarehouseUnavailable, match="could not be kept at s3://uploads-none"):
        commit(in_cloud, *spend_file(MONDAY), "mia")
    assert spend(stores) == {}
    assert stores.warehouse.frame("uploads", version=0).empty


def test_the_folder_keeps_them_otherwise(stores: Stores) -> None:
    upload = commit(stores, *spend_file(MONDAY), "mia")
    assert (stores.settings.home / upload["raw_path"]).is_file()
    assert raw.content(stores, upload["upload_id"]) == spend_file(MONDAY)[1]
    history.undo(stores, upload["upload_id"], "mia")
    assert raw.content(stores, upload["upload_id"]) == spend_file(MONDAY)[1]  # an undo keeps the file


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a b.csv", "a_b.csv"),
        ("", "file"),
        ("...", "file"),
        ("é" * 300 + ".csv", "é" * 73 + ".csv"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert raw.safe_name(name) == safe


def test_a_long_name_of_wide_letters_is_kept(stores: Stores) -> None:
    where = raw.place(stores.settings, "spend", "U1", "売" * 90 + ".csv")
    raw.keep(stores.settings, where, b"x")
    assert (stores.settings.home / where).read_bytes() == b"x"


def test_a_folder_that_takes_no_files_is_said(stores: Stores) -> None:
    (stores.settings.home / "raw").write_bytes(b"")
    with pytest.raises(WarehouseUnavailable, match="could not be kept"):
        raw.keep(stores.settings, raw.place(stores.settings, "spend", "U1", "a.csv"), b"x")

"""The command line of a curating job: what it does not say, the settings say, and no secret is ever an argument."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from glue_jobs.arguments import parse


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The ARNs of the secrets that an AWS of the test's own keeps: what each says -> its ARN."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = boto3.client("secretsmanager")
        yield {text: client.create_secret(Name=text, SecretString=text)["ARN"] for text in ("settings", "argument")}


def test_persons_are_hashed_by_the_secret_that_the_settings_name(
    secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(*said: str) -> bytes | None:
        return parse("curate_touchpoints", "", ["--lake", "s3://lake/touchline", "--local", *said]).secret

    assert found() is None
    monkeypatch.setenv("TOUCHLINE_PERSON_SECRET", "environment")
    assert found() == b"environment"
    monkeypatch.setenv("TOUCHLINE_PERSON_SECRET_ARN", secrets["settings"])
    assert found() == b"settings"
    assert found("--secret-arn", secrets["argument"]) == b"argument"


@pytest.mark.parametrize("region", [None, "us-east-1"])
def test_the_secret_is_looked_for_where_it_lies(
    secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch, region: str | None
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region or "")
    said = ["--lake", "s3://lake/touchline", "--local", "--secret-arn", secrets["argument"]]
    assert parse("curate_touchpoints", "", said).secret == b"argument"

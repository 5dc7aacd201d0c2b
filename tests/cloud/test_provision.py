"""Provisioning against a local AWS: it makes everything once, changes nothing when it only looks, and puts right what somebody changed."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.client import BaseClient
from botocore.exceptions import ClientError, NoCredentialsError
from moto.server import ThreadedMotoServer
from pyiceberg.catalog import Catalog
from pyiceberg.types import StringType

from pipelines.errors import TouchlineError, WrongUsage
from pipelines.provision import Mode, provision
from pipelines.provision.archive import wheel, wheel_name
from pipelines.provision.jobs import JOBS, arguments
from pipelines.provision.refused import permission, told
from pipelines.settings import PROJECT, SETTINGS, Settings, load_settings
from pipelines.stores.catalog import DDL, EVOLUTION, TABLES, open_glue_catalog
from tests.cloud import moto_gaps

ROLE = "arn:aws:iam::123456789012:role/touchline-glue-job"
LAKE = "s3://lake/touchline"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """S3, Glue and Athena on loopback; its URL."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto_gaps.fill()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty account that boto3 finds by its environment; the end point's URL."""
    for name, value in _aws_environment(endpoint).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    requests.post(f"{endpoint}/moto-api/reset", timeout=30).raise_for_status()
    return endpoint


def lake(**variables: str) -> Settings:
    return load_settings({"TOUCHLINE_LAKE": "athena", "TOUCHLINE_LAKE_URL": LAKE, **variables})


def with_jobs(**variables: str) -> Settings:
    return lake(TOUCHLINE_GLUE_ROLE=ROLE, **variables)


def said(settings: Settings, mode: Mode = "apply") -> list[str]:
    return [line.text for line in provision(settings, mode)]


def catalog() -> Catalog:
    return open_glue_catalog(LAKE)


def state() -> dict[str, Any]:
    """All that the account holds, but for times."""
    s3, glue, athena = (boto3.client(service) for service in ("s3", "glue", "athena"))
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    databases = [database["Name"] for database in glue.get_databases()["DatabaseList"]]
    return {
        "objects": {bucket: _objects(s3, bucket) for bucket in buckets},
        "tables": {name: _tables(glue, name) for name in databases},
        "groups": {group["Name"] for group in athena.list_work_groups()["WorkGroups"]},
        "jobs": {job["Name"]: job["DefaultArguments"] for job in glue.get_jobs()["Jobs"]},
    }


def _objects(s3: Any, bucket: str) -> dict[str, str]:
    return {found["Key"]: found["ETag"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def _tables(glue: Any, database: str) -> dict[str, str]:
    found = glue.get_tables(DatabaseName=database)["TableList"]
    return {table["Name"]: table["Parameters"]["metadata_location"] for table in found}


def test_it_makes_everything_once(aws: str) -> None:
    lines = said(with_jobs())
    assert lines[0] == "made: bucket lake"
    assert {line for line in lines if not line.startswith("made: ")} == set()
    made = "\n".join(lines)
    for name in (
        *TABLES,
        "workgroup touchline",
        wheel_name(),
        *(f"job touchline-{job.replace('_', '-')}" for job in JOBS),
    ):
        assert name in made
    before = state()
    assert said(with_jobs()) == []
    assert said(with_jobs(), "check") == []
    assert state() == before
    assert set(before["tables"]["touchline"]) == set(TABLES)
    assert before["tables"]["touchline"]["mentions"].startswith(f"{LAKE}/curated/touchline.db/mentions/metadata/")


def test_looking_changes_nothing(aws: str) -> None:
    empty = state()
    would = said(with_jobs(), "dry_run")
    assert said(with_jobs(), "check") == [line.replace("would make", "missing") for line in would]
    assert state() == empty
    assert [line.replace("would make", "made") for line in would] == said(with_jobs())


def test_what_is_made_is_as_a_careful_person_would_have_it(aws: str) -> None:
    said(lake(TOUCHLINE_RAW_STORAGE="infrequent", TOUCHLINE_KEEP_RESULTS_DAYS="3", TOUCHLINE_KEEP_SNAPSHOT_DAYS="30"))
    s3, athena = boto3.client("s3"), boto3.client("athena")
    blocked = s3.get_public_access_block(Bucket="lake")["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    [rule] = s3.get_bucket_encryption(Bucket="lake")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    rules = s3.get_bucket_lifecycle_configuration(Bucket="lake")["Rules"]
    by_prefix = {rule["Filter"]["Prefix"]: rule for rule in rules}
    assert by_prefix["touchline/results/"]["Expiration"]["Days"] == 3
    assert by_prefix["touchline/rejected/"]["Expiration"]["Days"] == 365
    assert by_prefix["touchline/raw/"]["Transitions"] == [{"Days": 30, "StorageClass": "STANDARD_IA"}]
    assert by_prefix["touchline/"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert {prefix for prefix, rule in by_prefix.items() if "Expiration" in rule} == {
        "touchline/results/",
        "touchline/rejected/",
    }
    group = athena.get_work_group(WorkGroup="touchline")["WorkGroup"]["Configuration"]
    assert group["EnforceWorkGroupConfiguration"]
    assert group["BytesScannedCutoffPerQuery"] == 100_000_000_000
    assert group["ResultConfiguration"]["OutputLocation"] == f"{LAKE}/results/"
    properties = catalog().load_table("touchline.mentions").properties
    assert properties["vacuum_max_snapshot_age_seconds"] == str(30 * 86_400)
    assert properties["history.expire.max-snapshot-age-ms"] == str(30 * 86_400_000)
    assert properties[DDL] == str(EVOLUTION)


def test_a_key_of_ones_own_encrypts_bucket_and_results(aws: str) -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/abc"
    said(lake(TOUCHLINE_KMS_KEY=key))
    [rule] = boto3.client("s3").get_bucket_encryption(Bucket="lake")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    group = boto3.client("athena").get_work_group(WorkGroup="touchline")["WorkGroup"]["Configuration"]
    assert group["ResultConfiguration"]["EncryptionConfiguration"] == {"EncryptionOption": "SSE_KMS", "KmsKey": key}
    assert said(lake(TOUCHLINE_KMS_KEY=key), "check")[:-1] == []


def test_without_a_role_the_jobs_are_skipped_and_that_is_said(aws: str) -> None:
    *_, last = said(lake())
    assert last.startswith("skipped: the Glue jobs")
    assert "TOUCHLINE_GLUE_ROLE is not set" in last
    assert state()["jobs"] == {}
    assert [line.differs for line in provision(lake(), "check")] == [False]


def test_a_secret_that_does_not_reach_the_jobs_is_warned_of(aws: str) -> None:
    *_, last = said(with_jobs(TOUCHLINE_PERSON_SECRET="pepper"))
    assert last.startswith("warning: the Glue jobs store persons as they came: TOUCHLINE_PERSON_SECRET does not reach")
    assert said(with_jobs(TOUCHLINE_PERSON_SECRET="pepper"), "check") == [last]
    assert said(with_jobs(TOUCHLINE_PERSON_SECRET="pepper", TOUCHLINE_JOBS="local"), "check") == []
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:touchline-persons"
    assert "warning" not in "".join(said(with_jobs(TOUCHLINE_PERSON_SECRET="pepper", TOUCHLINE_PERSON_SECRET_ARN=arn)))


def _raise_limit() -> None:
    updates = {"BytesScannedCutoffPerQuery": 10**15}
    boto3.client("athena").update_work_group(WorkGroup="touchline", ConfigurationUpdates=updates)


def _open_bucket() -> None:
    boto3.client("s3").delete_public_access_block(Bucket="lake")


def _unlimit_lives() -> None:
    boto3.client("s3").delete_bucket_lifecycle(Bucket="lake")


def _drop_column() -> None:
    with catalog().load_table("touchline.mentions").update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("author")


def _forget_snapshots_soon() -> None:
    with catalog().load_table("touchline.touchpoints").transaction() as transaction:
        transaction.set_properties({"vacuum_max_snapshot_age_seconds": "60"})


def _drop_table() -> None:
    catalog().drop_table("touchline.conversion_status")


def _change_code() -> None:
    boto3.client("s3").put_object(Bucket="lake", Key="touchline/code/curate_mentions.py", Body=b"print('mine')")


def _shrink_job() -> None:
    glue = boto3.client("glue")
    job = glue.get_job(JobName="touchline-build-journeys")["Job"]
    kept = (
        "Role",
        "Command",
        "DefaultArguments",
        "GlueVersion",
        "WorkerType",
        "ExecutionProperty",
        "MaxRetries",
        "Timeout",
    )
    update = {key: job[key] for key in kept} | {"NumberOfWorkers": 7, "Connections": {"Connections": ["vpc"]}}
    glue.update_job(JobName=job["Name"], JobUpdate=update)


CHANGES: list[tuple[Callable[[], None], str]] = [
    (_raise_limit, "workgroup touchline: bytes limit is 1000000000000000, should be 100000000000"),
    (_open_bucket, "bucket lake: public access"),
    (_unlimit_lives, "bucket lake: lifecycle"),
    (_drop_column, "table touchline.mentions: column author is nothing, should be string"),
    (
        _forget_snapshots_soon,
        "table touchline.touchpoints: property vacuum_max_snapshot_age_seconds is 60, should be 7776000",
    ),
    (_drop_table, "table touchline.conversion_status"),
    (_change_code, "code curate_mentions.py: content is nothing"),
    (_shrink_job, "job touchline-build-journeys: NumberOfWorkers is 7, should be 2"),
]
"""What somebody may do to an account, and what is said of it."""


def test_what_somebody_changed_is_found_and_put_right(aws: str) -> None:
    said(with_jobs())
    for change, _ in CHANGES:
        change()
    found = said(with_jobs(), "check")
    assert len(found) == len(CHANGES)
    assert [names for _, names in CHANGES if not any(names in line for line in found)] == []
    assert all(line.startswith(("drifted: ", "missing: ")) for line in found)
    done = said(with_jobs())
    assert [line.partition(": ")[2] for line in done] == [line.partition(": ")[2] for line in found]
    assert said(with_jobs(), "check") == []


def test_what_others_added_stays(aws: str) -> None:
    said(with_jobs())
    s3, glue = boto3.client("s3"), boto3.client("glue")
    rules = s3.get_bucket_lifecycle_configuration(Bucket="lake")["Rules"]
    theirs = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "else/"}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="lake", LifecycleConfiguration={"Rules": [theirs]})
    _shrink_job()
    said(with_jobs())
    now = s3.get_bucket_lifecycle_configuration(Bucket="lake")["Rules"]
    assert {rule["ID"] for rule in now} == {"theirs", *(rule["ID"] for rule in rules)}
    assert glue.get_job(JobName="touchline-build-journeys")["Job"]["Connections"] == {"Connections": ["vpc"]}


def test_a_job_that_has_no_arguments_gets_ours(aws: str) -> None:
    said(with_jobs())
    glue = boto3.client("glue")
    glue.update_job(JobName="touchline-build-journeys", JobUpdate={"Role": ROLE, "Command": {"Name": "glueetl"}})
    assert "DefaultArguments" not in glue.get_job(JobName="touchline-build-journeys")["Job"]
    assert any("touchline-build-journeys: " in line for line in said(with_jobs(), "check"))
    said(with_jobs())
    ours = glue.get_job(JobName="touchline-build-journeys")["Job"]["DefaultArguments"]
    assert ours["--lake"] == LAKE
    assert said(with_jobs(), "check") == []


def test_a_rule_that_the_settings_ask_for_no_more_goes(aws: str) -> None:
    said(lake(TOUCHLINE_RAW_STORAGE="glacier"))
    assert any("lifecycle" in line for line in said(lake(), "check"))
    said(lake())
    rules = boto3.client("s3").get_bucket_lifecycle_configuration(Bucket="lake")["Rules"]
    assert "touchline/raw/" not in {rule["Filter"]["Prefix"] for rule in rules}


def test_an_older_table_is_evolved_in_one_commit_and_keeps_its_rows(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said(lake())
    table = catalog().load_table("touchline.mentions")
    metadata = len(table.metadata.metadata_log)
    monkeypatch.setitem(TABLES, "mentions", {**TABLES["mentions"], "language": StringType()})
    monkeypatch.setattr("pipelines.stores.catalog.EVOLUTION", EVOLUTION + 1)
    monkeypatch.setattr("pipelines.provision.catalogue.EVOLUTION", EVOLUTION + 1)
    found = said(lake(), "check")[:-1]
    assert len(found) == len(TABLES)
    assert "column language is nothing, should be string" in found[0]
    said(lake())
    evolved = catalog().load_table("touchline.mentions")
    assert evolved.schema().column_names == [*TABLES["mentions"]]
    assert evolved.properties[DDL] == str(EVOLUTION + 1)
    assert len(evolved.metadata.metadata_log) == metadata + 1
    assert said(lake(), "check")[:-1] == []


def test_a_table_that_a_newer_version_evolved_is_left_alone(aws: str) -> None:
    said(lake())
    table = catalog().load_table("touchline.mentions")
    with table.transaction() as transaction:
        with transaction.update_schema() as update:
            update.add_column("language", StringType())
        transaction.set_properties({DDL: str(EVOLUTION + 1)})
    assert said(lake(), "check")[:-1] == []
    said(lake())
    assert "language" in catalog().load_table("touchline.mentions").schema().column_names


def test_a_column_of_another_type_is_told_not_touched(aws: str) -> None:
    said(lake())
    with catalog().load_table("touchline.mentions").update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("reach")
    with catalog().load_table("touchline.mentions").update_schema() as update:
        update.add_column("reach", StringType())
    assert any("column reach is string, should be long" in line for line in said(lake(), "check"))
    with pytest.raises(TouchlineError, match=r"column reach of the table .* is string, not long"):
        said(lake())


@pytest.mark.parametrize("mode", ["apply", "dry_run", "check"])
def test_a_bucket_in_another_region_is_told_before_anything_is_made(aws: str, mode: Mode) -> None:
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="lake")
    before = state()
    with pytest.raises(TouchlineError, match="The bucket lake lies in another region"):
        said(with_jobs(), mode)
    assert state() == before


def test_no_lake_url_is_wrong_usage() -> None:
    with pytest.raises(WrongUsage, match="TOUCHLINE_LAKE_URL is not set"):
        said(load_settings({}))


def _refusal(code: str, operation: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("service", "fault", "sentence"),
    [
        (
            "s3",
            _refusal("AccessDenied", "PutBucketEncryption"),
            "the permission s3:PutEncryptionConfiguration is missing",
        ),
        ("s3", _refusal("403", "HeadBucket"), "belongs to another account, or s3:ListBucket on it is missing"),
        ("s3", _refusal("BucketAlreadyExists", "CreateBucket"), "belongs to another account"),
        ("glue", _refusal("AccessDeniedException", "CreateDatabase"), "the permission glue:CreateDatabase is missing"),
        (
            "glue",
            _refusal(
                "AccessDeniedException",
                "CreateJob",
                "User: x is not authorized to perform: iam:PassRole on resource: y",
            ),
            "the permission iam:PassRole is missing",
        ),
        ("athena", _refusal("ExpiredTokenException", "GetWorkGroup"), "The AWS credentials have expired"),
        ("athena", _refusal("UnrecognizedClientException", "GetWorkGroup"), "AWS does not know these credentials"),
        ("s3", NoCredentialsError(), "There are no AWS credentials"),
        (
            "glue",
            OSError("When uploading: AWS Error ACCESS_DENIED during PutObject operation: no"),
            "the permission s3:PutObject is missing",
        ),
        *(
            (
                "glue",
                OSError(f"When initiating: AWS Error ACCESS_DENIED during {operation} operation: no"),
                f"the permission s3:{action} is missing",
            )
            for operation, action in (
                ("CreateMultipartUpload", "PutObject"),
                ("UploadPart", "PutObject"),
                ("CompleteMultipartUpload", "PutObject"),
                ("ListObjectsV2", "ListBucket"),
            )
        ),
    ],
)
def test_what_aws_refuses_is_said_in_a_sentence(service: str, fault: Exception, sentence: str) -> None:
    with pytest.raises(TouchlineError, match=sentence), told(service, "bucket lake"):
        raise fault


@pytest.mark.usefixtures("aws")
def test_a_real_refusal_reaches_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto enforces no policies: the refusal is put where botocore has parsed the answer."""
    call = BaseClient._make_api_call

    def refuse(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "CreateWorkGroup":
            raise _refusal("AccessDeniedException", operation, "no")
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)
    with pytest.raises(TouchlineError, match="workgroup touchline: the permission athena:CreateWorkGroup is missing"):
        said(lake())


@pytest.mark.usefixtures("aws")
def test_the_policy_of_the_provisioner_allows_every_call_that_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: set[str] = set()
    call, lock = BaseClient._make_api_call, threading.Lock()

    def note(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        with lock:
            calls.add(permission(client.meta.service_model.service_name, operation))
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", note)
    said(with_jobs())
    _update_everything()
    said(with_jobs())
    policy = json.loads((PROJECT / "docs" / "iam" / "provisioner.json").read_text(encoding="utf-8"))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    own = {"s3:DeletePublicAccessBlock", "s3:DeleteBucketLifecycle"}
    assert calls - own <= allowed
    assert "iam:PassRole" in allowed


def _update_everything() -> None:
    for change in (_raise_limit, _open_bucket, _unlimit_lives, _drop_column, _change_code, _shrink_job):
        change()
    glue = boto3.client("glue")
    glue.update_database(Name="touchline", DatabaseInput={"Name": "touchline"})


def test_the_wheel_installs_as_files_that_a_job_can_import_and_read(tmp_path: Path) -> None:
    assert wheel() == wheel()
    path = tmp_path / wheel_name()
    path.write_bytes(wheel())
    target = tmp_path / "installed"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(path),
    ]
    subprocess.run(pip, check=True, timeout=300)
    read = (
        "from pipelines import sources, statements; print(statements.FOLDER, len(statements.names()), sources.__file__)"
    )
    found = subprocess.run(
        [sys.executable, "-c", read],
        cwd=tmp_path,
        env={"PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=True,
    )
    folder, statements, sources = found.stdout.split()
    assert folder == str(target / "sql" / "lake")
    assert int(statements) == len(list((PROJECT / "sql" / "lake").glob("*.sql")))
    assert sources.startswith(str(target))


def test_the_command_line_says_it_and_check_fails(aws: str) -> None:
    environment = {
        **_aws_environment(aws),
        "TOUCHLINE_LAKE": "athena",
        "TOUCHLINE_LAKE_URL": LAKE,
        "PATH": "/usr/bin:/bin",
    }

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipelines", "provision", *options]
        return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=300)

    checked = run("--check")
    assert (checked.returncode, checked.stdout.splitlines()[0]) == (1, "missing: bucket lake")
    assert "things are missing or have drifted" in checked.stderr
    made = run()
    assert (made.returncode, made.stdout.splitlines()[0]) == (0, "made: bucket lake")
    again = run("--check")
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "Everything is as it is to be.")


def _aws_environment(url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def test_every_setting_of_the_cloud_is_documented_where_it_is_set_up() -> None:
    page = (PROJECT / "docs" / "aws.md").read_text(encoding="utf-8")
    settings = list(SETTINGS)
    names = settings[settings.index("lake") : settings.index("raw_url")]
    assert "glue_role" in names
    assert [name for name in names if SETTINGS[name].variable not in page] == []


_OF_GLUE = {
    "--datalake-formats",
    "--enable-metrics",
    "--enable-continuous-cloudwatch-log",
    "--job-bookmark-option",
}
"""Arguments of a job that no setting changes."""


def test_every_setting_that_the_jobs_are_given_is_documented_where_it_is_set_up() -> None:
    changed = {
        "TOUCHLINE_LAKE_URL": "s3://other/lake",
        "TOUCHLINE_GLUE_DATABASE": "other",
        "TOUCHLINE_TIME_ZONE": "Europe/Berlin",
        "TOUCHLINE_CURRENCY": "USD",
        "TOUCHLINE_LONGEST_LOOKBACK_DAYS": "30",
        "TOUCHLINE_PERSON_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:1:secret:persons",
    }
    usual, others = arguments(lake()), arguments(lake(**changed))
    of_the_lake = {name for name, value in others.items() if usual.get(name) != value}
    assert of_the_lake == {name for name in others if name not in _OF_GLUE}
    page = (PROJECT / "docs" / "aws.md").read_text(encoding="utf-8")
    assert [name for name in changed if f"| `{name}` |" not in page] == []

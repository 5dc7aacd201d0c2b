"""The Glue jobs: their code in the bucket, and their definitions.

Invariant: a job runs what lies under code/ in the bucket, on the lake that the settings name, with the rights of the role that they name.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from pipelines.errors import TouchlineError
from pipelines.jobs import job_name
from pipelines.provision.archive import script, wheel, wheel_name
from pipelines.provision.bucket import bucket_and_prefix
from pipelines.provision.parts import Features, Part
from pipelines.settings import Settings

JOBS = ("curate_mentions", "curate_touchpoints", "curate_conversions", "build_journeys")
"""The modules of glue_jobs that are jobs, in the order in which a day runs them."""

GLUE_VERSION = "5.0"
MINUTES = 120
_OF_OTHERS = ("Description", "Connections", "SecurityConfiguration", "NotificationProperty", "NonOverridableArguments")
"""What a person may add to a job: an update that did not name it would take it away."""

_SHA256 = "sha256"


def code_parts(s3: Any, settings: Settings) -> Iterator[Part]:
    """The wheel and a script a job, under code/. s3: boto3's client."""
    yield _object(s3, settings, wheel_name(), wheel())
    for job in JOBS:
        yield _object(s3, settings, f"{job}.py", script(job))


def job_parts(glue: Any, settings: Settings) -> Iterator[Part]:
    """The definitions of the jobs. glue: boto3's client. Raises TouchlineError where no role is set."""
    if settings.glue_role is None:
        raise TouchlineError("TOUCHLINE_GLUE_ROLE is not set.", "Set it to the ARN of the role that the jobs run as.")
    for job in JOBS:
        yield _job(glue, settings, job, settings.glue_role)


def arguments(settings: Settings) -> dict[str, str]:
    """What every job is started with: Glue's own arguments, and the lake. Of the catalogue it says what the job's session says."""
    catalog = "spark.sql.catalog.lake"
    options = {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.type": "glue",
        f"{catalog}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{catalog}.warehouse": f"{settings.lake_url}/curated",
        "spark.sql.session.timeZone": "UTC",
    }
    code = f"{settings.lake_url}/code"
    secret = {"--secret-arn": settings.person_secret_arn} if settings.person_secret_arn else {}
    return {
        "--datalake-formats": "iceberg",
        "--conf": " --conf ".join(f"{name}={value}" for name, value in options.items()),
        "--additional-python-modules": f"{code}/{wheel_name()}",
        "--enable-metrics": "true",
        "--enable-continuous-cloudwatch-log": "true",
        "--job-bookmark-option": "job-bookmark-disable",
        "--lake": str(settings.lake_url),
        "--database": settings.glue_database,
        "--zone": settings.reporting_time_zone,
        "--currency": settings.reporting_currency,
        "--lookback-days": f"{settings.longest_lookback_days:g}",
        **secret,
    }


def _job(glue: Any, settings: Settings, job: str, role: str) -> Part:
    name = job_name(settings, job)
    wanted = {
        "Role": role,
        "GlueVersion": GLUE_VERSION,
        "WorkerType": settings.glue_worker_type,
        "NumberOfWorkers": settings.glue_workers,
        "Command": {
            "Name": "glueetl",
            "ScriptLocation": f"{settings.lake_url}/code/{job}.py",
            "PythonVersion": "3",
        },
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "MaxRetries": 0,
        "Timeout": MINUTES,
    }
    ours = arguments(settings)

    def present() -> dict[str, Any] | None:
        try:
            job: dict[str, Any] = glue.get_job(JobName=name)["Job"]
        except ClientError as problem:
            if problem.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            raise
        return job

    def found() -> Features | None:
        now = present()
        return now and {**now, **{f"argument {key}": value for key, value in now.get("DefaultArguments", {}).items()}}

    def put(_: bool) -> None:
        now = present()
        if now is None:
            glue.create_job(Name=name, **wanted, DefaultArguments=ours)
            return
        kept = {key: now[key] for key in _OF_OTHERS if now.get(key)}
        glue.update_job(
            JobName=name, JobUpdate={**kept, **wanted, "DefaultArguments": {**now.get("DefaultArguments", {}), **ours}}
        )

    return Part(f"job {name}", {**wanted, **{f"argument {key}": value for key, value in ours.items()}}, found, put)


def _object(s3: Any, settings: Settings, file_name: str, content: bytes) -> Part:
    assert settings.lake_url is not None
    bucket, prefix = bucket_and_prefix(settings.lake_url)
    key = f"{prefix}code/{file_name}"
    digest = hashlib.sha256(content).hexdigest()

    def found() -> Features | None:
        try:
            metadata: Features = s3.head_object(Bucket=bucket, Key=key)["Metadata"]
        except ClientError as problem:
            if problem.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket"):
                return None
            raise
        return {"content": metadata.get(_SHA256)}

    return Part(
        f"code {file_name}",
        {"content": digest},
        found,
        lambda _: s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata={_SHA256: digest}),
    )

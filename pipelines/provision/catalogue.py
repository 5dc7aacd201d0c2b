"""The Glue database and its Iceberg tables, and the workgroup in which Athena queries them.

Invariant: a table is made and evolved by the same declaration as the embedded one (`stores.catalog`), in one commit that touches no row.
"""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

from pipelines.errors import TouchlineError
from pipelines.provision.parts import Features, Part
from pipelines.settings import Settings
from pipelines.stores.catalog import DDL, EVOLUTION, TABLES, load_or_create, partitions

DAY_S = 86_400


def database_part(glue: Any, settings: Settings) -> Part:
    """The database. glue: boto3's client."""
    wanted = {
        "Description": "Touchline: what a marketing team's posts, campaigns and channels earned.",
        "LocationUri": f"{settings.lake_url}/curated/{settings.glue_database}.db",
    }
    name = settings.glue_database

    def found() -> Features | None:
        try:
            database: Features = glue.get_database(Name=name)["Database"]
        except ClientError as problem:
            if problem.response["Error"]["Code"] == "EntityNotFoundException":
                return None
            raise
        return database

    def put(missing: bool) -> None:
        if missing:
            glue.create_database(DatabaseInput={"Name": name, **wanted})
            return
        kept = {"Parameters": glue.get_database(Name=name)["Database"].get("Parameters", {})}
        glue.update_database(Name=name, DatabaseInput={"Name": name, **kept, **wanted})

    return Part(f"database {name}", wanted, found, put)


def table_parts(catalog: Callable[[], Catalog], settings: Settings) -> Iterator[Part]:
    """The tables. catalog: opens the catalogue in the cloud."""
    for name in TABLES:
        yield _table(catalog, name, settings)


def properties(settings: Settings) -> dict[str, str]:
    """What readers and writers of other makes are told of a table: its format, and how long its snapshots are kept."""
    seconds = round(settings.keep_snapshot_days * DAY_S)
    return {
        "write.format.default": "parquet",
        "write.parquet.compression-codec": "zstd",
        "write.metadata.delete-after-commit.enabled": "true",
        "write.metadata.previous-versions-max": "100",
        "history.expire.max-snapshot-age-ms": str(seconds * 1000),
        "history.expire.min-snapshots-to-keep": "1",
        "vacuum_max_snapshot_age_seconds": str(seconds),  # Athena's own words, which its VACUUM reads
        "vacuum_min_snapshots_to_keep": "1",
    }


def workgroup_part(athena: Any, settings: Settings) -> Part:
    """The workgroup: whoever queries in it writes results to the bucket, encrypted, and scans no more than the limit. athena: boto3's client."""
    name = settings.athena_workgroup
    key = settings.kms_key
    wanted = {
        "results": f"{settings.lake_url}/results/",
        "encryption": {"EncryptionOption": "SSE_KMS", "KmsKey": key} if key else {"EncryptionOption": "SSE_S3"},
        "bytes limit": round(settings.athena_scan_limit_gb * 1e9),
        "enforced": True,
        "metrics": True,
        "state": "ENABLED",
    }

    def found() -> Features | None:
        try:
            group = athena.get_work_group(WorkGroup=name)["WorkGroup"]
        except ClientError as problem:
            error = problem.response["Error"]
            if error["Code"] == "InvalidRequestException" and "not found" in error["Message"].lower():
                return None
            raise
        setup = group["Configuration"]
        result = setup.get("ResultConfiguration", {})
        return {
            "results": result.get("OutputLocation"),
            "encryption": result.get("EncryptionConfiguration"),
            "bytes limit": setup.get("BytesScannedCutoffPerQuery"),
            "enforced": setup.get("EnforceWorkGroupConfiguration"),
            "metrics": setup.get("PublishCloudWatchMetricsEnabled"),
            "state": group.get("State"),
        }

    def put(missing: bool) -> None:
        result = {"OutputLocation": wanted["results"], "EncryptionConfiguration": wanted["encryption"]}
        setup = {
            "EnforceWorkGroupConfiguration": True,
            "PublishCloudWatchMetricsEnabled": True,
            "BytesScannedCutoffPerQuery": wanted["bytes limit"],
        }
        if missing:
            about = "Queries of Touchline's dashboard."
            athena.create_work_group(
                Name=name, Description=about, Configuration={**setup, "ResultConfiguration": result}
            )
        else:
            updates = {**setup, "ResultConfigurationUpdates": result}
            athena.update_work_group(WorkGroup=name, State="ENABLED", ConfigurationUpdates=updates)

    return Part(f"workgroup {name}", wanted, found, put)


def _table(catalog: Callable[[], Catalog], name: str, settings: Settings) -> Part:
    database, told = settings.glue_database, properties(settings)
    wanted = {
        **{f"column {column}": str(kind) for column, kind in TABLES[name].items()},
        "partitions": {field: f"{transform}({column})" for field, (column, transform) in partitions(name).items()},
        **{f"property {key}": value for key, value in told.items()},
        "evolution": str(EVOLUTION),
    }

    def found() -> Features | None:
        try:
            table = catalog().load_table(f"{database}.{name}")
        except (NoSuchTableError, NoSuchNamespaceError):
            return None
        schema = table.schema()
        newer = int(table.properties.get(DDL, 0)) > EVOLUTION
        return {
            **{f"column {field.name}": str(field.field_type) for field in schema.fields},
            "partitions": {
                field.name: f"{field.transform}({schema.find_column_name(field.source_id)})"
                for field in table.spec().fields
            },
            **{f"property {key}": value for key, value in table.properties.items()},
            "evolution": str(EVOLUTION) if newer else table.properties.get(DDL),
        }

    def put(_: bool) -> None:
        table = load_or_create(catalog(), name, database)
        lacking = {key: value for key, value in told.items() if table.properties.get(key) != value}
        if lacking:
            with table.transaction() as transaction:
                transaction.set_properties(lacking)
        now = found() or {}
        for column, kind in TABLES[name].items():
            if now.get(f"column {column}") != str(kind):
                raise TouchlineError(
                    f"The column {column} of the table {database}.{name} is {now.get(f'column {column}')}, not {kind}, and rows may lie in it.",
                    "Somebody changed it: give the rows a table of its declared type, or name another TOUCHLINE_GLUE_DATABASE.",
                )

    return Part(f"table {database}.{name}", wanted, found, put)

"""The IAM policies of docs/iam: they name what is needed, and nothing beside it."""

import json
import os
import re
import subprocess
from fnmatch import fnmatchcase
from typing import Any

import pytest

from pipelines.ingest.lake_rows import UNDONE
from pipelines.settings import PROJECT

FOLDER = PROJECT / "docs" / "iam"
POLICIES = ("dashboard-reader", "glue-job", "provisioner")
LAKE = "arn:aws:s3:::BUCKET/PREFIX/"
OWN = (
    r"arn:aws:s3:::BUCKET(/PREFIX/[a-z]+/\*(\.undone\.json)?)?",
    r"arn:aws:glue:REGION:ACCOUNT:(catalog|database/(DATABASE|default)|table/DATABASE/\*|job/DATABASE-\*)",
    r"arn:aws:athena:REGION:ACCOUNT:workgroup/WORKGROUP",
    r"arn:aws:logs:REGION:ACCOUNT:log-group:/aws-glue/\*",
    r"arn:aws:iam::ACCOUNT:role/ROLE",
    r"arn:aws:secretsmanager:REGION:ACCOUNT:secret:SECRET-\*",
)
"""What a resource may look like: this lake's bucket, database, workgroup, jobs, role and secret, and the log of Glue jobs."""


def statements(name: str) -> list[dict[str, Any]]:
    policy = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert policy["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def allows(name: str, action: str, resource: str) -> bool:
    """Whether a policy allows an action on a resource, whatever its conditions."""
    return any(
        action in statement["Action"] and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        for statement in statements(name)
    )


def test_every_file_is_known() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {*POLICIES, "glue-job-trust"}


@pytest.mark.parametrize("name", POLICIES)
def test_actions_are_named_one_by_one(name: str) -> None:
    for statement in statements(name):
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == sorted(set(statement["Action"]))
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action) for action in statement["Action"])


@pytest.mark.parametrize("name", POLICIES)
def test_resources_are_this_lakes_own(name: str) -> None:
    for statement in statements(name):
        if statement["Action"] == ["cloudwatch:PutMetricData"]:  # it knows no resources: the namespace is its bound
            assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Glue"}}
            continue
        for resource in statement["Resource"]:
            assert any(re.fullmatch(pattern, resource) for pattern in OWN), resource


@pytest.mark.parametrize("name", POLICIES)
def test_nobody_may_remove_what_cannot_be_brought_back(name: str) -> None:
    actions = {action for statement in statements(name) for action in statement["Action"]}
    assert {action for action in actions if "Delete" in action} <= {"s3:DeleteObject"}
    assert not allows(name, "s3:DeleteObject", f"{LAKE}raw/mentions/2026-03-02/a.csv")


def test_whoever_reads_the_dashboard_writes_results_and_uploads_only() -> None:
    assert allows("dashboard-reader", "s3:GetObject", f"{LAKE}curated/touchline.db/mentions/data/a.parquet")
    assert allows("dashboard-reader", "athena:StartQueryExecution", "arn:aws:athena:REGION:ACCOUNT:workgroup/WORKGROUP")
    writable = {resource for statement in statements("dashboard-reader") for resource in statement["Resource"]}
    puts = {
        folder
        for folder in ("curated", "raw", "rejected", "results", "runs", "code")
        if allows("dashboard-reader", "s3:PutObject", f"{LAKE}{folder}/a")
    }
    assert puts == {"raw", "results"}
    assert not allows("dashboard-reader", "s3:GetObject", f"{LAKE}rejected/mentions/a.jsonl")
    assert not any(allows("dashboard-reader", "glue:UpdateTable", resource) for resource in writable)
    assert allows("dashboard-reader", "s3:DeleteObject", f"{LAKE}raw/mentions/2026-03-02/a.csv{UNDONE}")


def test_a_job_reads_what_came_in_and_its_code_and_changes_neither() -> None:
    for folder in ("raw", "code"):
        assert allows("glue-job", "s3:GetObject", f"{LAKE}{folder}/a")
        assert not allows("glue-job", "s3:PutObject", f"{LAKE}{folder}/a")
    for folder in ("curated", "rejected", "runs"):
        assert allows("glue-job", "s3:PutObject", f"{LAKE}{folder}/a")
    assert allows("glue-job", "glue:UpdateTable", "arn:aws:glue:REGION:ACCOUNT:table/DATABASE/mentions")
    assert not allows("glue-job", "glue:UpdateTable", "arn:aws:glue:REGION:ACCOUNT:table/other/mentions")


@pytest.mark.parametrize("name", POLICIES)
def test_whoever_opens_a_session_finds_the_catalogues_default_database(name: str) -> None:
    assert allows(name, "glue:GetDatabase", "arn:aws:glue:REGION:ACCOUNT:database/default")


def test_the_role_of_the_jobs_is_given_to_glue_alone() -> None:
    [statement] = [statement for statement in statements("provisioner") if "iam:PassRole" in statement["Action"]]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
    [trust] = statements("glue-job-trust")
    assert (trust["Principal"], trust["Action"]) == ({"Service": "glue.amazonaws.com"}, ["sts:AssumeRole"])


def test_the_guide_names_every_file_and_every_placeholder() -> None:
    guide = (PROJECT / "docs" / "aws.md").read_text(encoding="utf-8")
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.iterdir())
    placeholders = set(re.findall(r"\b(?:BUCKET|PREFIX|REGION|ACCOUNT|DATABASE|WORKGROUP|ROLE|SECRET)\b", text))
    assert [name for name in placeholders if name not in guide] == []
    assert [path.name for path in FOLDER.iterdir() if path.name not in guide] == []


def test_the_guide_fills_the_placeholders_in_also_for_a_prefix_of_several_folders() -> None:
    guide = (PROJECT / "docs" / "aws.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^  (sed .*?\$name\.json) > /tmp/iam", guide, re.DOTALL | re.MULTILINE)
    of_a_team = command.replace("|PREFIX|touchline|", "|PREFIX|teams/marketing/touchline|")
    assert of_a_team != command
    for name in POLICIES:
        filled = subprocess.run(
            ["sh", "-ec", of_a_team],
            cwd=PROJECT,
            env={"PATH": os.environ["PATH"], "name": name, "account": "123456789012"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        resources = [resource for statement in json.loads(filled)["Statement"] for resource in statement["Resource"]]
        assert "arn:aws:s3:::acme-marketing/teams/marketing/touchline/curated/*" in resources
        assert re.findall(r"\b(?:BUCKET|PREFIX|REGION|ACCOUNT|DATABASE|WORKGROUP|ROLE|SECRET)\b", filled) == []


def test_what_airflow_needs_is_said_alike_in_both_guides() -> None:
    needed = {"glue:GetJob", "glue:StartJobRun", "glue:GetJobRun", "glue:BatchStopJobRun"}
    for page in ("aws", "airflow"):
        guide = (PROJECT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        assert needed <= set(re.findall(r"`(glue:\w+)`", guide)), page

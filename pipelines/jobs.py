"""The jobs of a lake in the cloud (glue_jobs/), started and waited for: by AWS Glue, or on this machine's Spark where TOUCHLINE_JOBS is local.

Invariant: a job that returns has done its work; of any other end is said which run it was and why.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.errors import LakeUnavailable
from pipelines.settings import PROJECT, Settings

SECONDS_BETWEEN_LOOKS = 15.0
"""A Glue job takes minutes; AWS throttles those who ask more often."""
LOOKS_THAT_MAY_FAIL = 8
"""In a row: the job goes on while nobody sees it."""
UNDER_WAY = ("STARTING", "RUNNING", "STOPPING", "WAITING")

Progress = Callable[[str], None]
"""Told in a sentence how far the job is."""


def job_name(settings: Settings, job: str) -> str:
    """What a job is called in Glue."""
    return f"{settings.glue_database}-{job.replace('_', '-')}"


def run(settings: Settings, job: str, options: Mapping[str, str | None], progress: Progress) -> str:
    """Run a job to its end and return what there is to say about it. options: of the job's command line; None is not said.

    Raises LakeUnavailable where it cannot be started or does not succeed.
    """
    said = {f"--{name}": value for name, value in options.items() if value is not None}
    if settings.jobs == "local":
        return _on_this_machine(job, said, progress)
    return _on_glue(job_name(settings, job), said, progress)


def _on_this_machine(job: str, options: Mapping[str, str], progress: Progress) -> str:
    command = [sys.executable, "-m", f"glue_jobs.{job}", "--local"]
    progress(f"{job}: on this machine")
    ended = subprocess.run([*command, *(part for pair in options.items() for part in pair)], cwd=PROJECT, check=False)
    if ended.returncode:
        raise LakeUnavailable(
            f"The job {job} ended with status {ended.returncode}.", "What it said stands above; run it again."
        )
    return f"The job {job} is done."


def _on_glue(job: str, options: Mapping[str, str], progress: Progress) -> str:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = boto3.client("glue")
        run_id = str(client.start_job_run(JobName=job, Arguments=dict(options))["JobRunId"])
    except (BotoCoreError, ClientError) as problem:
        raise LakeUnavailable(
            f"AWS Glue does not run the job {job}: {problem}.", "Check the job and the rights to it, and try again."
        ) from problem
    try:
        ended = _waited_for(client, job, run_id, progress)
    except (BotoCoreError, ClientError) as problem:
        raise LakeUnavailable(
            f"AWS Glue does not tell how far the job {job} is (run {run_id}), which may still be under way: {problem}.",
            "Look the run up in Glue before you start the job again.",
        ) from problem
    state = ended["JobRunState"]
    if state != "SUCCEEDED":
        reason = f": {ended['ErrorMessage']}" if ended.get("ErrorMessage") else "."
        raise LakeUnavailable(
            f"The Glue job {job} (run {run_id}) ended as {state}{reason}", "Its log in CloudWatch says more."
        )
    return f"The Glue job {job} (run {run_id}) is done after {ended.get('ExecutionTime', 0):,} s."


def _waited_for(client: Any, job: str, run_id: str, progress: Progress) -> Mapping[str, Any]:
    """The run once it has ended; every change of its state is told. Raises what boto3 raised where no look out of so many told anything."""
    from botocore.exceptions import BotoCoreError, ClientError

    told, failed = "", 0
    while True:
        try:
            run: Mapping[str, Any] = client.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        except (BotoCoreError, ClientError):
            failed += 1
            if failed > LOOKS_THAT_MAY_FAIL:
                raise
            time.sleep(SECONDS_BETWEEN_LOOKS)
            continue
        failed = 0
        if run["JobRunState"] != told:
            told = run["JobRunState"]
            progress(f"{job}: {told.lower()} (run {run_id})")
        if told not in UNDER_WAY:
            return run
        time.sleep(SECONDS_BETWEEN_LOOKS)

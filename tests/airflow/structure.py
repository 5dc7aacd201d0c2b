"""Run by Airflow's Python: prints the daily DAG as JSON, its own properties under '' and those of each task under its name."""

import json
import runpy
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "pipelines" / "dags" / "touchline_daily.py"

dag = runpy.run_path(str(FILE))["dag"]
described = {
    task.task_id: {
        "kind": type(task).__name__,
        "then": sorted(task.downstream_task_ids),
        "retries": task.retries,
        "exponential": bool(task.retry_exponential_backoff),
        "rule": task.trigger_rule.value,
        "stops": getattr(task, "stop_job_run_on_kill", None),
        "command": getattr(task, "bash_command", ""),
        "asks": getattr(task, "script_args", None) or getattr(task, "bucket_key", ""),
    }
    for task in dag.tasks
}
described[""] = {"catchup": dag.catchup, "max_active_runs": dag.max_active_runs}
print(json.dumps(described))

"""What the jobs are made of: enough to read a file with, wherever it lies."""

import subprocess
import sys
from pathlib import Path

from glue_jobs import program
from pipelines.settings import PROJECT

READ = """
import sys
sys.path = [sys.argv[1]] + [place for place in sys.path if place]
from datetime import datetime, timezone
from glue_jobs import program, curate_conversions, curate_mentions, curate_touchpoints, identifiers
from glue_jobs.raw_files import RawFile
from glue_jobs.reading import prepare_raw
from pipelines.settings import load_settings
file = RawFile("raw/mentions/2026-05-01/a.csv", "mentions", "2026-05-01", 1, "u1", datetime.now(timezone.utc), "a.csv", "UTC", "EUR")
print(prepare_raw(file, b"date,account,platform,text\\n2026-05-01,Acme,X,Fine\\n").accepted, load_settings().glue_database, program.digest())
print({module.__file__.startswith(sys.argv[1]) for name, module in sys.modules.items() if name.startswith(("glue_jobs.", "pipelines."))})
"""


def test_a_job_runs_where_nothing_else_of_ours_lies(tmp_path: Path) -> None:
    for path in program.shipped():
        copy = tmp_path / path.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    command = [sys.executable, "-c", READ, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"1 touchline {program.digest()}", "{True}"]

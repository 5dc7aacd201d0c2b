"""The archive that goes to Glue: always the same, and enough to read a file with."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from glue_jobs import archive

READ = """
import sys
sys.path = [sys.argv[1]] + [place for place in sys.path if place]
from datetime import datetime, timezone
from glue_jobs import archive, curate_conversions, curate_mentions, curate_touchpoints, identifiers
from glue_jobs.raw_files import RawFile
from glue_jobs.reading import prepare_raw
from pipelines.settings import load_settings
file = RawFile("raw/mentions/2026-05-01/a.csv", "mentions", "2026-05-01", 1, "u1", datetime.now(timezone.utc), "a.csv", "UTC", "EUR")
print(prepare_raw(file, b"date,account,platform,text\\n2026-05-01,Acme,X,Fine\\n").accepted, load_settings().glue_database, archive.program())
print({module.__file__.startswith(sys.argv[1]) for name, module in sys.modules.items() if name.startswith(("glue_jobs.", "pipelines."))})
"""


def test_it_is_the_same_whenever_it_is_built() -> None:
    content = archive.build()
    assert content == archive.build()
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        names = files.namelist()
        assert {entry.date_time for entry in files.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert names == sorted(names)
    assert {"glue_jobs/curate_mentions.py", "pipelines/ingest/prepare.py", "sql/lake/journeys.sql"} <= set(names)


def test_a_job_runs_from_the_archive_alone(tmp_path: Path) -> None:
    place = tmp_path / "touchline.zip"
    place.write_bytes(archive.build())
    command = [sys.executable, "-c", READ, str(place)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"1 touchline {archive.program()}", "{True}"]

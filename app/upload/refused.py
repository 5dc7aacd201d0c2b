"""The button that saves refused rows: as the file has them, each with its reason, to be mended and dropped again."""

from collections.abc import Callable, Iterable
from pathlib import PurePath

import pyarrow as pa
import streamlit as st

from app import formats, tables
from pipelines.ingest import read_raw
from pipelines.ingest.refused import refused_rows
from pipelines.sources import SOURCES


def save_button(
    file_name: str,
    source: str,
    count: int,
    content: Callable[[], bytes],
    refused: Callable[[], pa.Table],
    mapped: Iterable[str | None],
) -> None:
    """Offer the `count` refused rows of a file. `content` and `refused` (REFUSED_SCHEMA) are asked for when it is pressed; `mapped` are the
    columns that somebody pointed at."""

    def rows() -> bytes:
        raw = read_raw(content(), file_name, SOURCES[source], [column for column in mapped if column])
        return tables.as_csv(refused_rows(raw, refused()).to_pandas())

    st.download_button(
        f"Download {formats.counted(count, 'refused row')} to mend",
        rows,
        file_name=f"refused rows of {PurePath(file_name).stem}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
        help="The rows as they stand in the file, with the reason in the last column.",
    )

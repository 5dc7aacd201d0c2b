"""The only @st.cache_resource: the stores, opened once a process and shared by all sessions."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from app import formats
from pipelines.ingest import history
from pipelines.settings import Settings, load_settings
from pipelines.stores import Stores, open_stores


@st.cache_resource(show_spinner="Opening the data …", on_release=lambda stores: stores.close())
def stores() -> Stores:
    """The opened warehouse and lake, with what a killed process left half done put right.

    Raises TouchlineError where one cannot be opened; the next rerun tries again.
    """
    opened = open_stores(load_settings())
    history.recover(opened)
    return opened


def settings() -> Settings:
    """The settings the stores were opened with."""
    return stores().settings


def local_moment(instant: datetime) -> str:
    """An instant (naive means UTC) in the reporting time zone, as people write it: 3 May 2026, 14:05."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return formats.moment(aware.astimezone(ZoneInfo(settings().reporting_time_zone)))

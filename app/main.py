"""The shell: every page is drawn inside it. Run with `streamlit run app/main.py`."""

import sys
from pathlib import Path

# Streamlit puts app/ on the path; everything here is imported from the project's root.
sys.path[:0] = [str(root)] if str(root := Path(__file__).resolve().parent.parent) not in sys.path else []

import streamlit as st  # noqa: E402

from app import navigation, queries  # noqa: E402
from app.components import calm, error_panel  # noqa: E402
from app.shell import demo_banner, head  # noqa: E402
from pipelines.errors import TouchlineError  # noqa: E402

st.set_page_config("Touchline", ":material/target:", layout="wide", initial_sidebar_state=230)
st.logo(Path(__file__).with_name("logo.svg"), size="large")
st.html(Path(__file__).with_name("page.css"))

page = st.navigation(navigation.menu())
entry = navigation.entry_of(page)
with calm():
    queries.look()
    try:
        head(entry)
        demo_banner()
    except TouchlineError as error:
        if entry.uses:
            raise
        error_panel(error)  # files can be stored while the lake does not answer
    page.run()

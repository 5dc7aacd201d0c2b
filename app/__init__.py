"""The Streamlit shell: what every page shares. Streamlit and plotly live here and in pages/, nowhere else."""

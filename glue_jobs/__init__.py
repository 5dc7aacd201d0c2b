"""PySpark jobs for AWS Glue, one module a job. There are none yet: the embedded lake is filled by pipelines.ingest."""

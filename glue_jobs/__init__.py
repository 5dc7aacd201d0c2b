"""PySpark jobs for AWS Glue, one module a job: three curate what came into raw/, one builds the journeys. The embedded lake needs none."""

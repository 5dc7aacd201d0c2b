"""What a thousand million events a month cost on Glue, S3 and Athena: list prices times what was measured here, the arithmetic shown."""

from collections.abc import Mapping
from dataclasses import dataclass

EVENTS_A_MONTH = 1_000_000_000
DAYS_A_MONTH = 30
GLUE_DPU_HOUR, ATHENA_TB, S3_GB_MONTH = 0.44, 5.0, 0.023
"""Dollars, list prices of US East (N. Virginia)."""

CORES_A_DPU = 4
MONTHS_KEPT = 6
SNAPSHOTS_KEPT_DAYS = 90
QUESTIONS_A_DAY = 200
PAGE_DAYS = 28
GB, TB = 1e9, 1e12


@dataclass(frozen=True)
class Measured:
    """What a run told: seconds of the jobs (curate, build) on so many cores, for the events of a month and of the day after it; bytes of the raw
    files and of the tables after the month, and those that the day's build wrote."""

    rows: int
    day_rows: int
    cores: int
    month_seconds: Mapping[str, float]
    day_seconds: Mapping[str, float]
    raw_bytes: int
    table_bytes: Mapping[str, int]
    written_a_day: int


def estimate(measured: Measured) -> str:
    """The estimate in Markdown."""
    times = EVENTS_A_MONTH / measured.rows
    day_times = EVENTS_A_MONTH / DAYS_A_MONTH / measured.day_rows
    curate = _dpu_hours(measured.month_seconds["curate"], times, measured.cores)
    full = _dpu_hours(measured.month_seconds["build"], times, measured.cores)
    by_day = _dpu_hours(measured.day_seconds["build"], day_times * DAYS_A_MONTH, measured.cores)
    raw, tables, journeys, replaced = (
        size / GB
        for size in (
            measured.raw_bytes * times,
            sum(measured.table_bytes.values()) * times,
            measured.table_bytes["journeys"] * times,
            measured.written_a_day * day_times,
        )
    )
    kept = (raw + tables) * MONTHS_KEPT + replaced * SNAPSHOTS_KEPT_DAYS
    scanned = journeys * PAGE_DAYS / DAYS_A_MONTH
    question = scanned * GB / TB * ATHENA_TB
    on_dpus = f"s x {measured.cores} cores / {CORES_A_DPU} / 3600"
    rows = (
        (
            "Glue, curate",
            f"{times:,.0f} x {measured.month_seconds['curate']:,.0f} {on_dpus} = {curate:,.1f} DPU-hours",
            curate * GLUE_DPU_HOUR,
        ),
        (
            "Glue, journeys by day",
            f"{DAYS_A_MONTH} x {day_times:,.0f} x {measured.day_seconds['build']:,.0f} {on_dpus} = {by_day:,.1f} DPU-hours",
            by_day * GLUE_DPU_HOUR,
        ),
        (
            f"S3, {MONTHS_KEPT} months of data",
            f"{MONTHS_KEPT} x (raw {raw:,.0f} GB + tables {tables:,.0f} GB)"
            f" + {SNAPSHOTS_KEPT_DAYS} days x {replaced:,.1f} GB of replaced files = {kept:,.0f} GB",
            kept * S3_GB_MONTH,
        ),
        (
            f"Athena, {QUESTIONS_A_DAY} new questions a day about {PAGE_DAYS} days",
            f"{QUESTIONS_A_DAY} x {DAYS_A_MONTH} x ${question:,.2f}, the price of a scan of"
            f" {journeys:,.0f} GB x {PAGE_DAYS} / {DAYS_A_MONTH} = {scanned:,.0f} GB: at most, it has all columns",
            QUESTIONS_A_DAY * DAYS_A_MONTH * question,
        ),
    )
    table = "\n".join(f"| {what} | {arithmetic} | ${dollars:,.2f} |" for what, arithmetic, dollars in rows)
    return f"""### What {EVENTS_A_MONTH:,} events a month would cost

An estimate, not a measurement: the seconds above times the number of events ({EVENTS_A_MONTH:,} / {measured.rows:,} = {times:,.0f}; a day's:
{day_times:,.0f}), with a core here taken for a vCPU of Glue. List prices of US East (N. Virginia), as their pages tell them:
[Glue](https://aws.amazon.com/glue/pricing/) ${GLUE_DPU_HOUR} a DPU-hour (a DPU is {CORES_A_DPU} vCPU and 16 GB),
[Athena](https://aws.amazon.com/athena/pricing/) ${ATHENA_TB:.0f} a TB scanned,
[S3](https://aws.amazon.com/s3/pricing/) ${S3_GB_MONTH} a GB and month.

| what | arithmetic | a month |
|---|---|---:|
{table}

A build of everything, after a change of the statements or of the longest window, takes {times:,.0f} x {measured.month_seconds["build"]:,.0f}
{on_dpus} = {full:,.1f} DPU-hours (${full * GLUE_DPU_HOUR:,.2f}) for each month that is kept.

Not in it: a day's build reads all touchpoints that are kept, and was measured over one month of them; Glue bills a job for a minute at least,
and for workers that wait; requests to S3 and to the catalogue. A question that was answered at the same data version is not asked
again: it is free."""


def _dpu_hours(seconds: float, times: float, cores: int) -> float:
    return times * seconds * cores / CORES_A_DPU / 3600

"""Which rows a table gets and which it loses, when files come and others are taken back: pure functions of Spark's frames.

Invariant: afterwards every id stands once, with the row of the newest upload that has it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f

RANK = "upload_rank"
"""How new a row's upload is: the greater the newer; -1 where its file is not there any more."""


@dataclass(frozen=True)
class Change:
    """`entering`: the rows that come, in the table's columns. `leaving`: id, `dt` and `taken_back` (else: replaced) of those that go."""

    entering: DataFrame
    leaving: DataFrame


def ranked(rows: DataFrame, ranks: Mapping[str, int]) -> DataFrame:
    """The rows with the rank of their upload."""
    known = SparkSession.active().createDataFrame(list(ranks.items()), f"upload_id string, {RANK} int")
    joined = rows.join(f.broadcast(known), "upload_id", "left")
    return joined.withColumn(RANK, f.coalesce(f.col(RANK), f.lit(-1)))


def claims(incoming: DataFrame, key: str) -> DataFrame:
    """Ranked rows with `place`, 1 for the row that is to stand for its id among them, and `won_by`, that row's upload.

    Of an upload's own rows the first counts.
    """
    order = Window.partitionBy(key).orderBy(f.desc(RANK), f.asc("row_number"))
    return incoming.select(
        "*", f.row_number().over(order).alias("place"), f.first("upload_id").over(order).alias("won_by")
    )


def meetings(stored: DataFrame, winners: DataFrame, key: str) -> DataFrame:
    """Ranked stored rows whose id is that of a row that comes (a ranked `winners`, an id once): id, `dt`, both rows' uploads and ranks."""
    coming = winners.select(key, f.col("upload_id").alias("new_upload_id"), f.col(RANK).alias("new_rank"))
    return stored.select(key, "dt", "upload_id", RANK).join(coming, key)


def change(stored: DataFrame, winners: DataFrame, met: DataFrame, key: str, undone: Collection[str]) -> Change:
    """What becomes of stored rows where `winners` come, who meet some of them, and the uploads in `undone` are taken back."""
    is_undone = f.col("upload_id").isin(list(undone)) if undone else f.lit(False)
    standing = met.where(~is_undone)
    replaced = standing.where(f.col("new_rank") > f.col(RANK)).select(key, "dt", f.lit(False).alias("taken_back"))
    newer = standing.where(f.col("new_rank") <= f.col(RANK)).select(key)
    taken_back = stored.where(is_undone).select(key, "dt", f.lit(True).alias("taken_back"))
    return Change(winners.join(newer, key, "left_anti"), replaced.unionByName(taken_back))


def overlaps(claimed: DataFrame, met: DataFrame) -> DataFrame:
    """Pairs of uploads (`one`, `other`) that have ids in common: among the claimed rows, and where those meet stored ones."""
    one, other = f.col("won_by").alias("one"), f.col("upload_id").alias("other")
    among = claimed.where("place > 1 and upload_id <> won_by").select(one, other)
    return among.unionByName(met.select(f.col("new_upload_id").alias("one"), other)).distinct()


def after(stored: DataFrame, changed: Change, key: str, days: Collection[str]) -> DataFrame:
    """The rows of these days as they are to be."""
    columns = [name for name in stored.columns if name != RANK]
    staying = stored.where(f.col("dt").isin(list(days))).join(changed.leaving.select(key), key, "left_anti")
    return staying.select(*columns).unionByName(changed.entering.select(*columns))

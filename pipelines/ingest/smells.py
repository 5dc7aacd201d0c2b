"""What looks wrong in rows that read well.

Invariant: a smell changes nothing; it is a sentence for the person who can tell whether it is one.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import count
from pipelines.sources import Source

_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_FEW_DAYS, _FEW_ROWS, _TENTH = 5, 20, 0.1  # fewer days or rows a day are nothing usual
_SHOWN = 3


def smells(source: Source, tables: Mapping[str, pa.Table], mapping: Mapping[str, str]) -> list[str]:
    """A sentence for each thing that smells in a file's rows as they will be stored (table name -> rows; field -> column of the file)."""
    rows = tables[source.table]
    found = (
        _repeated_conversions(source, tables, mapping),
        _changing_currency(rows),
        _thin_days(source, rows),
        _plain_addresses(rows, mapping),
    )
    return [sentence for sentence in found if sentence]


def _repeated_conversions(source: Source, tables: Mapping[str, pa.Table], mapping: Mapping[str, str]) -> str:
    """Rows of a person that are all marked as conversions: the mark likely says that the person ever converted."""
    if "converted" not in mapping or "conversions" not in source.also:
        return ""
    contacts, conversions = (_row_counts(tables[name], "person") for name in (source.table, "conversions"))
    joined = contacts.join(conversions, "person", right_suffix=" converted", join_type="inner")
    several = joined.filter(pc.greater(joined["rows"], 1))
    all_marked = count(pc.equal(several["rows"], several["rows converted"]))
    if not all_marked or all_marked * 2 < several.num_rows:
        return ""
    return (
        f"'{mapping['converted']}' marks every row of {all_marked:,} people who have several: each row counts as a conversion. "
        "If it says that the person converted at some time, leave the column out and upload conversions on their own."
    )


def _changing_currency(rows: pa.Table) -> str:
    """A campaign, within its ad account, whose amounts change their currency."""
    if not {"campaign", "currency"} <= set(rows.column_names) or len(rows["currency"].unique()) < 2:
        return ""
    within = [name for name in ("channel", "ad_account", "campaign") if name in rows.column_names]
    pairs = _decoded(rows, [*within, "currency"]).group_by([*within, "currency"]).aggregate([])
    counted = pairs.filter(pc.is_valid(pairs["campaign"])).group_by(within).aggregate([([], "count_all")])
    mixed = counted.filter(pc.greater(counted["count_all"], 1)).sort_by("campaign")
    if not mixed.num_rows:
        return ""
    names = ", ".join(f"'{name}'" for name in mixed["campaign"].unique().slice(0, _SHOWN).to_pylist())
    return f"Campaigns with amounts in more than one currency: {mixed.num_rows:,} ({names}). Check the currency of these rows."


def _thin_days(source: Source, rows: pa.Table) -> str:
    """Days with a tenth of the rows that a day usually has: the export may have stopped short."""
    if source.day_field is None:
        return ""
    day = source.field(source.day_field).stored_as
    column = rows[day].combine_chunks().cast(pa.date32())
    days = _row_counts(pa.table({"day": column.drop_null()}), "day").sort_by("day")
    if days.num_rows < _FEW_DAYS:
        return ""
    usual = pc.quantile(days["rows"], 0.5)[0].as_py()
    thin = days.filter(pc.less_equal(days["rows"], usual * _TENTH))
    if usual < _FEW_ROWS or not thin.num_rows:
        return ""
    shown = ", ".join(f"{row['day']} ({row['rows']:,})" for row in thin.slice(0, _SHOWN).to_pylist())
    return (
        f"Days with a tenth of the usual {usual:,.0f} rows or less: {thin.num_rows:,}, such as {shown}. "
        "Check that the export is complete."
    )


def _plain_addresses(rows: pa.Table, mapping: Mapping[str, str]) -> str:
    """E-mail addresses that name persons in plain text."""
    if "person" not in rows.column_names or "person" not in mapping:
        return ""
    plain = count(pc.match_substring_regex(rows["person"].cast(pa.string()), _EMAIL))
    if not plain:
        return ""
    return (
        f"'{mapping['person']}' has e-mail addresses in plain text: {plain:,} rows. "
        "Export them hashed (SHA-256) where your tool can, here and in the other files of the same people."
    )


def _row_counts(rows: pa.Table, by: str) -> pa.Table:
    """Columns `by` and `rows`: how many rows have each value that is known."""
    known = _decoded(rows, [by]).filter(pc.is_valid(rows[by]))
    return known.group_by(by).aggregate([([], "count_all")]).rename_columns([by, "rows"])


def _decoded(rows: pa.Table, names: list[str]) -> pa.Table:
    """The columns, as plain values where they are stored as codes."""
    return pa.table(
        {
            name: rows[name].cast(rows[name].type.value_type) if pa.types.is_dictionary(rows[name].type) else rows[name]
            for name in names
        }
    )

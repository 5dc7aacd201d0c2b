"""A contract over the SQL files: each has its header, is Athena's dialect, binds its values and fills its slots from allow-lists."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from pipelines import statements
from pipelines.attribution import MODELS, model_parameters
from pipelines.attribution.asked import weighing
from pipelines.attribution.engine import SUMS
from pipelines.errors import WrongUsage
from pipelines.settings import PROJECT
from pipelines.slots import CHANNELS, DIMENSIONS, NO_SLOTS, SLICES, TOTALLED, TRANSITIONS, Members, Slice, Slots
from pipelines.statements import FOLDER, Bound, bind, text

LAKE = sorted((PROJECT / "sql" / "lake").glob("*.sql"))
PARTS = sorted((PROJECT / "sql" / "lake" / "parts").glob("*.sql"))
WAREHOUSE = sorted((PROJECT / "sql" / "warehouse").glob("[!0-9]*.sql"))

VALUES: dict[str, Any] = {
    "first_dt": "2026-03-01",
    "last_dt": "2026-03-31",
    "starts_at": "2026-03-01 00:00:00",
    "ends_at": "2026-04-01 00:00:00",
    "zone_breaks": ["2026-03-29 01:00:00"],
    "zone_offsets": [3600, 7200],
    "anchored_from": "2026-03-01 00:00:00",
    "anchored_to": "2026-04-01 00:00:00",
    "with_unconverted": True,
    "lookback_ms": 86_400_000,
    "impression_lookback_ms": 43_200_000,
    "longest_ms": 86_400_000,
    "longest_days": 90,
    "first_number": 1,
    "conversion_type": None,
    "first_conversion": False,
    "buckets": 1_024,
    "by_touch_date": False,
    "redistribute_direct": False,
    "restart": False,
    "collapse": False,
    "respelled": ["fb"],
    "spelled": ["Paid Social"],
    "rare": ["TV"],
    "with_rare": False,
    "from_last": True,
    "steps": 5,
    "conversion": "c1",
    "person": "ann",
    "converted_at": "2026-03-10 12:00:00.000",
    "name": "Search",
    "reason": None,
    "left_out_channels": [],
    "direct_channels": ["direct"],
    "names": ["a", "b"],
    "posts": ["example.com/1"],
    "places": [1],
    "rule_count": 1,
    "rule_leads": ["#a"],
    "rule_hashtags": [" #a "],
    "rule_keywords": [" "],
    "rule_posts": [" "],
    "rule_starts": ["1900-01-01 00:00:00"],
    "rule_ends": ["2200-01-02 00:00:00"],
    "post_pattern": "#.*$",
    "known_posts": ["example.com/p/1"],
    "most": 5,
}
"""A value of each parameter there is but the models' own."""


def header(path: Path) -> dict[str, str]:
    """The sections of the comment that opens a file: Purpose, Parameters, Grain, perhaps Notes."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    parts = re.split(r"(?:^| )(Purpose|Parameters|Grain|Notes): ", " ".join(lines))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def declared(path: Path) -> set[str]:
    """The parameters and slots that a header names, those of the file it refers to included: what is said about them stands in parentheses or
    after a colon."""
    named = re.sub(r"\([^)]*\)", "", header(path)["Parameters"])
    words = {word.strip(" .").removeprefix("and ") for word in re.split(r"[,;:]", named)}
    return {word for word in words if re.fullmatch(r"@?[a-z_0-9]+", word)}.union(*map(declared, referred(path))) - {
        "none"
    }


def referred(path: Path) -> list[Path]:
    """The files whose parameters a header says are its own as well."""
    return [path.with_name(other) for other in re.findall(r"(?:those of|as) (\w+\.sql)", header(path)["Parameters"])]


def says_members(path: Path) -> bool:
    """Whether a header says that the parameters of the members are its own as well."""
    return "those of the members" in header(path)["Parameters"] or any(map(says_members, referred(path)))


def parsed(path: Path) -> exp.Expr:
    return sqlglot.parse_one(path.read_text(encoding="utf-8"), read="athena")


def bound(name: str, *, dialect: str = "duckdb", **given: Any) -> Bound:
    """A lake statement with a value for everything it may have."""
    slots = given.pop("slots", Slots("channel", models=(weighing("linear"),)))
    return bind(name, {**VALUES, **given}, dialect=dialect, relation=lambda table: table, slots=slots)


RULES = [key for key, model in MODELS.items() if model.kind == "rule"]
OF_RULES: dict[str, Any] = {name: value for model in RULES for name, value in model_parameters(model, {}).items()}
MEMBERS: tuple[Members, ...] = ("members", "members_anew")
FILLED = [
    (path.stem, Slots("campaign", "origin", slice_, members, models, order=2))
    for path in LAKE
    for slice_ in (SLICES if "@slice" in declared(path) else list(SLICES)[:1])
    for members in (MEMBERS if says_members(path) else MEMBERS[:1])
    for models in (tuple(weighing(rule) for rule in RULES) if path.stem.startswith("credit") else (),)
]
"""Every lake statement with all it may be asked with."""


def test_the_statements_are_the_files() -> None:
    assert statements.names() == [path.stem for path in LAKE]
    assert {"credit", "outcomes", "journeys", "conversion_status", "mentions"} <= set(statements.names())


@pytest.mark.parametrize("path", [*LAKE, *PARTS, *WAREHOUSE], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_statement_opens_by_its_purpose_its_parameters_and_its_grain(path: Path) -> None:
    said = header(path)
    assert list(said)[:3] == ["Purpose", "Parameters", "Grain"]
    assert all(len(section) > 4 for section in said.values())


@pytest.mark.parametrize("path", [*LAKE, *PARTS], ids=lambda path: path.stem)
def test_a_lake_statement_uses_what_its_header_declares(path: Path) -> None:
    tree = parsed(path)
    used = {placeholder.name for placeholder in tree.find_all(exp.Placeholder)}
    used |= {f"@{slot.name}" for slot in tree.find_all(exp.Parameter)}
    reads_members = any(table.name == "members" for table in tree.find_all(exp.Table))
    assert reads_members == says_members(path)
    of_members = declared(FOLDER / "parts" / "members_anew.sql") if reads_members else set[str]()
    assert used - of_members <= declared(path) <= used


@pytest.mark.parametrize("path", WAREHOUSE, ids=lambda path: path.stem)
def test_a_warehouse_statement_uses_what_its_header_declares(path: Path) -> None:
    body = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("--"))
    assert declared(path) == set(re.findall(r"(?<!:):([a-z_]+)", body))


@pytest.mark.parametrize("path", [*LAKE, *PARTS], ids=lambda path: path.stem)
def test_every_value_stands_in_a_cast(path: Path) -> None:
    values = list(parsed(path).find_all(exp.Placeholder))
    assert [value.name for value in values if not isinstance(value.parent, exp.Cast)] == []


@pytest.mark.parametrize(("name", "slots"), FILLED)
@pytest.mark.parametrize("dialect", ["athena", "trino", "duckdb"])
def test_every_statement_is_written_for_every_engine(name: str, slots: Slots, dialect: str) -> None:
    """And reads back as the same dialect, with the same placeholders; where they have no names there is one a value that is handed over."""
    ready = bound(name, dialect=dialect, slots=slots, **OF_RULES)
    again = sqlglot.parse_one(ready.sql, read=dialect)
    written = [placeholder.name for placeholder in again.find_all(exp.Placeholder)]
    assert (set(ready.order) if dialect in statements.POSITIONAL else set(written)) == set(ready.values)
    assert len(written) == len(ready.in_order) if dialect in statements.POSITIONAL else not ready.order
    assert list(again.find_all(exp.Parameter)) == []


@pytest.mark.parametrize("path", [*LAKE, *PARTS], ids=lambda path: path.stem)
class TestPitfalls:
    """What one engine takes and another refuses, or understands otherwise."""

    def test_ages_are_counted_in_milliseconds(self, path: Path) -> None:
        """date_diff counts whole units on Trino and crossed boundaries on DuckDB; instants are whole milliseconds, so there both agree."""
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"date_diff\('(\w+)'", text)) <= {"millisecond"}

    def test_no_division_of_whole_numbers(self, path: Path) -> None:
        """7/2 is 3 on Trino and 3.5 on DuckDB: statements only divide what was made a double."""
        tree = parsed(path)
        doubles = {
            alias.alias
            for alias in tree.find_all(exp.Alias)
            if isinstance(alias.this, exp.Cast) and alias.this.to.is_type("double")
        }
        for division in tree.find_all(exp.Div):
            over = division.this
            written = isinstance(over, exp.Literal) and "e" in over.name
            assert written or over.name in doubles or (isinstance(over, exp.Cast) and over.to.is_type("double"))

    def test_groups_have_no_parameter(self, path: Path) -> None:
        """Trino refuses to group by an expression with a parameter."""
        for group in parsed(path).find_all(exp.Group):
            assert list(group.find_all(exp.Placeholder)) == []

    def test_no_engine_moves_an_instant_between_zones(self, path: Path) -> None:
        """`at time zone ?` fails on Trino, at_timezone on DuckDB: offsets are bound instead."""
        text = path.read_text(encoding="utf-8").lower()
        assert "at time zone" not in text
        assert "at_timezone" not in text
        assert "current_" not in text
        assert "now()" not in text

    def test_days_are_compared_as_text(self, path: Path) -> None:
        """`dt` is varchar: Trino fails on comparing it with a date."""
        for between in parsed(path).find_all(exp.Between):
            if between.this.name == "dt":
                for bound_ in (between.args["low"], between.args["high"]):
                    assert isinstance(bound_, exp.Cast)
                    assert bound_.to.is_type("varchar")


def test_a_list_is_one_placeholder_a_value() -> None:
    ready = bound("mention_samples", names=["a'; drop table mentions; --", "b", "c"])
    assert {name: value for name, value in ready.values.items() if name.startswith("names")} == {
        "names_0": "a'; drop table mentions; --",
        "names_1": "b",
        "names_2": "c",
    }
    assert "drop" not in ready.sql
    everywhere = sqlglot.parse_one(ready.sql, read="duckdb").find_all(exp.In)
    [inside] = [one for one in everywhere if isinstance(one.this, exp.Column) and one.this.name == "channel"]
    assert [item.this.name for item in inside.expressions] == ["names_0", "names_1", "names_2"]


def test_an_empty_list_is_a_null_that_nothing_equals() -> None:
    ready = bound("mention_samples", names=[])
    assert ready.values["names_0"] is None
    assert "IN (CAST($names_0 AS TEXT))" in ready.sql


def test_an_array_is_expanded_too() -> None:
    ready = bound("mentions", zone_offsets=[1, 2, 3], zone_breaks=[])
    assert [ready.values[f"zone_offsets_{place}"] for place in range(3)] == [1, 2, 3]
    assert ready.values["zone_breaks_0"] is None


def test_what_a_statement_does_not_use_is_left_out() -> None:
    assert bound("feeds").values == {}
    assert set(bound("journeys", anything=1).values) == {"longest_ms", "first_number"}


def test_a_value_that_is_missing_is_our_own_fault() -> None:
    with pytest.raises(KeyError, match="longest_ms"):
        bind("journeys", {"first_number": 1}, dialect="duckdb", relation=lambda table: table)


def test_a_slot_that_is_missing_is_our_own_fault() -> None:
    with pytest.raises(KeyError, match="@dimension has no value"):
        bound("credit", slots=NO_SLOTS)


@pytest.mark.parametrize(
    "dimension",
    ["person", "channel; drop table mentions", "1", "channel, campaign", "(select 1)", "Channel", "channel --", ""],
)
def test_only_listed_dimensions_reach_the_sql(dimension: str) -> None:
    with pytest.raises(WrongUsage, match="is no dimension"):
        Slots(dimension)
    with pytest.raises(WrongUsage, match="does not tell channels"):
        Slots("channel", dimension)


@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize("dimension", [*DIMENSIONS, *CHANNELS])
def test_a_dimension_is_a_column(dimension: str, members: Members) -> None:
    slots = Slots(dimension, members=members, models=(weighing("linear"),))
    tree = sqlglot.parse_one(bound("credit", slots=slots).sql, read="duckdb")
    [named] = [
        alias.this for alias in tree.find_all(exp.Alias) if alias.alias == "name" and "own_name" not in alias.sql()
    ]
    assert {column.name for column in named.find_all(exp.Column)} == {dimension}


def test_what_is_made_of_weights_is_there_once_a_model() -> None:
    slots = Slots("channel", models=tuple(weighing(rule) for rule in RULES))
    for statement in ("credit", "credit_by_bucket"):
        tree = sqlglot.parse_one(bound(statement, slots=slots, **OF_RULES).sql, read="duckdb")
        sums = [f"{each}_{rule}" for each in SUMS for rule in RULES]
        assert [column.alias_or_name for column in tree.expressions] == ["slice", "name", "currency", *sums]


def test_which_touches_count_is_written_before_what_reads_them() -> None:
    for members in MEMBERS:
        tree = sqlglot.parse_one(bound("grams", slots=Slots("channel", members=members)).sql, read="duckdb")
        assert next(tree.find_all(exp.CTE)).alias == "members"


def test_a_column_of_the_members_that_nothing_reads_is_left_out() -> None:
    anew = Slots("channel", members="members_anew", models=(weighing("linear"),))
    made = {"name_set", "gap_2_ms", "transition"}
    for statement, read in (("credit", set()), ("name_sets", {"name_set"}), ("grams", {"transition"})):
        tree = sqlglot.parse_one(bound(statement, slots=anew).sql, read="duckdb")
        members = next(cte.this for cte in tree.find_all(exp.CTE) if cte.alias == "members")
        assert made & {column.alias_or_name for column in members.expressions} == read, statement


@pytest.mark.parametrize("statement", ["credit", "credit_by_bucket"])
@pytest.mark.parametrize(
    ("rule", "looked_at"),
    [
        ("linear", None),
        ("custom", None),
        ("time_decay", "position_from_last > 8"),
        ("w_shaped", "marked > 0 OR marked IS NULL"),
        ("full_path", "marked > 0 OR marked IS NULL"),
        ("last_non_direct", "last_is_direct"),
    ],
)
def test_marks_are_looked_for_only_where_a_model_asks(statement: str, rule: str, looked_at: str | None) -> None:
    slots = Slots("channel", models=(weighing(rule),))
    tree = sqlglot.parse_one(bound(statement, slots=slots, **OF_RULES).sql, read="duckdb")
    marks = [cte.this.args["where"].this.sql() for cte in tree.find_all(exp.CTE) if cte.alias == "marks"]
    assert marks == ([looked_at] if looked_at else [])
    assert any(join.this.name == "marks" for join in tree.find_all(exp.Join)) == bool(looked_at)


@pytest.mark.parametrize("statement", ["credit", "credit_by_bucket"])
@pytest.mark.parametrize("rule", TOTALLED)
def test_where_a_row_tells_the_total_no_other_touch_is_read(statement: str, rule: str) -> None:
    slots = Slots("channel", models=(weighing(rule, totalled=True),), window=30)
    sql = bound(statement, slots=slots, **OF_RULES).sql
    assert f"{rule}_total_30" in sql
    assert not re.search(r"gap_\d|marks|touchpoint_id", sql)


@pytest.mark.parametrize("order", TRANSITIONS)
def test_a_chain_reads_no_more_touches_than_it_looks_at(order: int) -> None:
    sql = bound("grams", slots=Slots("channel", order=order)).sql
    assert set(re.findall(r"transition(?:_\d)?\b", sql)) == {"transition", TRANSITIONS[order]}


@pytest.mark.parametrize(("window", "counted"), [(30, False), (None, True)])
def test_long_journeys_are_counted_only_where_the_window_asks(window: int | None, counted: bool) -> None:
    tree = sqlglot.parse_one(
        bound("credit", slots=Slots("channel", models=(weighing("linear"),), window=window)).sql, read="duckdb"
    )
    assert any(cte.alias == "long" for cte in tree.find_all(exp.CTE)) == counted
    assert any(join.this.name == "long" for join in tree.find_all(exp.Join)) == counted


def test_only_raw_tables_are_given_a_relation() -> None:
    seen: list[str] = []

    def relation(table: str) -> str:
        seen.append(table)
        return f"read('{table}')"

    ready = bind(
        "outcomes", VALUES, dialect="duckdb", relation=relation, slots=Slots("channel", members="members_anew")
    )
    assert sorted(seen) == ["conversion_status", "journeys"]
    assert "read('journeys') AS journeys" in ready.sql


@pytest.mark.parametrize("name", ["no_such", "../warehouse/spend", "", "credit.sql"])
def test_a_statement_that_is_none(name: str) -> None:
    with pytest.raises(WrongUsage, match="no lake statement"):
        bound(name)


def test_filling_a_statement_does_not_change_the_next_one() -> None:
    assert bound("credit", slots=Slots("post", models=(weighing("linear"),))).sql != bound("credit").sql
    assert bound("credit") == bound("credit")


def _keys(slice_: Slice, **given: Any) -> list[int]:
    """How many keys each GROUP BY of the statement has whose rows are summed by slice and name."""
    slots = Slots("channel", slice=slice_, models=(weighing("linear"),))
    tree = sqlglot.parse_one(bound("credit", slots=slots, **given).sql, read="duckdb")
    return [len(group.expressions) for group in tree.find_all(exp.Group)]


def test_a_constant_is_not_grouped_by() -> None:
    whole, by_bucket = _keys("whole"), _keys("bucket")
    assert sum(by_bucket) - sum(whole) == 2  # where rows are read, and where their sums are summed


@pytest.mark.parametrize(("breaks", "looks"), [([], False), (["2026-03-29 01:00:00"], True)])
def test_an_offset_is_looked_for_only_where_it_changes(breaks: list[str], looks: bool) -> None:
    slots = Slots("channel", slice="day", models=(weighing("linear"),))
    made = bound("credit", slots=slots, zone_breaks=breaks, zone_offsets=[3600, 7200][: len(breaks) + 1])
    assert any(name.startswith("zone_breaks") for name in made.values) == looks


@pytest.mark.parametrize(
    ("window", "members", "known"), [(7, "members", True), (None, "members", False), (7, "members_anew", False)]
)
def test_the_touches_within_a_usual_window_are_known(window: int | None, members: Members, known: bool) -> None:
    slots = Slots("channel", members=members, models=(weighing("linear"),), window=window)
    assert ("touches_7" in bound("credit", slots=slots).sql) == known


@pytest.mark.parametrize(
    "currency", ["EUR", "it's", "a\\b", "'; drop table x --", "$first_dt", "/* {x} */", "touches_\x02"]
)
def test_what_one_column_holds_is_a_text_whatever_it_is(currency: str) -> None:
    """The rows are grouped by less, and tell the same."""

    def read(constants: dict[str, str | bool]) -> list[tuple[object, ...]]:
        rows = f"(select * from (values ('lead', {text(currency)}, 1.5), ('lead', {text(currency)}, 2.5)) t(type, currency, revenue))"
        made = bind("conversion_types", {}, dialect="duckdb", relation=lambda _: rows, constants=lambda _: constants)
        return duckdb.execute(made.sql).fetchall()

    assert read({"currency": currency}) == read({}) == [("lead", currency, 2, 4.0)]

"""Recognising a file: which column is which field, by name and by content, and what is suggested or asked."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from pipelines.errors import FileRefused, WrongUsage
from pipelines.ingest import Raw, prepare
from pipelines.ingest.currencies import header_currency
from pipelines.ingest.guess import guess_source
from pipelines.ingest.read import read_raw
from pipelines.ingest.recognise import Recognised, recognise, recognise_file
from pipelines.ingest.suggest import suggest
from pipelines.sources import SOURCES
from pipelines.sources.exports import EXPORTS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def raw_of(source: str, text: str) -> Raw:
    return read_raw(text.encode(), "file.csv", SOURCES[source])


def recognised(source: str, text: str, mapping: dict[str, str | None] | None = None, **fixed: str) -> Recognised:
    return recognise_file(SOURCES[source], raw_of(source, text), mapping or {}, fixed)


def test_a_required_field_takes_the_column_of_one_that_can_do_without() -> None:
    header = "Date,Account,Network,Permalink,Reach"
    assert recognise(SOURCES["first_stream"], raw_of("first_stream", f"{header}\n2026-01-07,a,X,https://x/1,5\n")) == {
        "date": "Date",
        "account": "Account",
        "platform": "Network",
        "post": "Permalink",
        "reach": "Reach",
    }
    both = recognised("first_stream", f"{header},Post ID\n2026-01-07,a,X,https://x/1,5,p1\n").mapping
    assert (both["post"], both["permalink"]) == ("Post ID", "Permalink")


@pytest.mark.parametrize(
    ("text", "time", "clock"),
    [
        ("Date,Time,Person,Channel\n07.01.2026,10:30,p,Email\n", "Date", "Time"),
        ("Date,Time,Person,Channel\n07.01.2026,10:30:15 PM,p,Email\n", "Date", "Time"),
        ("Day,Hour,Person,Channel\n2026-01-07,10:30,p,Email\n", "Day", "Hour"),
        ("Date,Uhrzeit,Person,Channel\n07.01.2026,10:30,p,Email\n", "Date", "Uhrzeit"),
        ("Date,Time,Person,Channel\n2026-01-07,2026-01-07 10:30,p,Email\n", "Time", None),
        ("Date,Time,Person,Channel\n2026-01-07 10:30,10:30,p,Email\n", "Date", None),
        ("Time,Person,Channel\n10:30,p,Email\n", "Time", None),
        ("Date,Hour,Person,Channel\n2026-01-07,10,p,Email\n", "Date", None),
    ],
)
def test_a_column_of_times_of_day_beside_one_of_days(text: str, time: str, clock: str | None) -> None:
    mapping = recognised("touchpoints", text).mapping
    assert (mapping["time"], mapping.get("clock")) == (time, clock)


def test_the_column_that_says_something_is_read() -> None:
    text = "Date,Account,Network,Post ID,Post URL,Reach\n{}\n"
    shortened = text.format("2026-01-07,a,X,1.79321E+16,https://x/1,5")
    assert recognised("first_stream", shortened).mapping["post"] == "Post URL"
    assert recognised("first_stream", text.format("2026-01-07,a,X,,https://x/1,5")).mapping["post"] == "Post URL"
    assert recognised("first_stream", text.format("2026-01-07,a,X,p1,https://x/1,5")).mapping["post"] == "Post ID"


def test_what_the_person_says_wins() -> None:
    text = "Campaign name,Day,Amount spent (USD),My day\nA,2026-01-07,10,2026-01-08\n"
    result = recognised("spend", text, {"date": "my DAY"}, channel="Social", currency="CHF")
    assert (result.mapping["date"], result.fixed["channel"], result.fixed["currency"]) == ("My day", "Social", "CHF")
    assert result.export is EXPORTS["meta_ads"]
    taken = recognised("spend", text, {"campaign": None, "channel": "Campaign name"})
    assert "campaign" not in taken.mapping
    assert taken.mapping["channel"] == "Campaign name"
    assert "channel" not in taken.fixed


def test_fields_and_columns_that_do_not_exist() -> None:
    with pytest.raises(WrongUsage, match="no field 'nonsense'"):
        recognised("spend", "date,channel\n1,2\n", nonsense="1")
    with pytest.raises(FileRefused, match="no column 'nonsense'"):
        recognised("spend", "date,channel\n1,2\n", {"amount": "nonsense"})


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("Amount spent (USD)", "USD"),
        ("Montant dépensé (CHF)", "CHF"),
        ("Spend (€)", "EUR"),
        ("Cost [in GBP]", "GBP"),
        ("Spend EUR", "EUR"),
        ("cost_usd", "USD"),
        ("Start Date (in UTC)", ""),
        ("Mentions (SUM)", ""),
        ("Clicks (ALL)", ""),
        ("Cost ($)", ""),
        ("Cost", ""),
    ],
)
def test_currency_of_a_header(header: str, currency: str) -> None:
    assert header_currency(header) == currency


def test_a_currency_in_the_header_holds_where_no_cell_gives_one() -> None:
    text = "Date,Channel,Campaign,Spend (USD){}\n2026-01-07,Email,A,1{}\n"
    assert recognised("spend", text.format("", "")).fixed == {"currency": "USD"}
    assert recognised("spend", text.format(",Currency", ",EUR")).fixed == {"currency": "USD"}
    assert recognised("spend", "Date,Channel,Campaign,cost_eur\n2026-01-07,Email,A,1\n").fixed == {"currency": "EUR"}


@pytest.mark.parametrize(("ends", "accepted"), [("2026-01-07", True), ("2026-01-31", False)])
def test_any_file_of_ranges(ends: str, accepted: bool) -> None:
    text = f"Start date,End date,Channel,Campaign,Cost\n2026-01-07,{ends},Email,A,10\n"
    if accepted:
        assert recognised("spend", text).mapping["date"] == "Start date"
    else:
        with pytest.raises(FileRefused, match="several days in one row: from 2026-01-07 to 2026-01-31"):
            recognised("spend", text)
    assert "date" not in recognised("spend", "Start date,Channel,Campaign,Cost\n2026-01-07,Email,A,1\n").mapping


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("spend", "Date,Channel,Campaign,Cost\n2026-01-07,Email,A,1\n"),
        ("account_reach", "Date,Account,Network,Reach\n2026-01-07,a,X,1\n"),
        ("first_stream", "Date,Account,Network,Post ID,Reach\n2026-01-07,a,X,p,1\n"),
        ("touchpoints", "customer_id,timestamp,channel,conversion,conversion_value\nc,2026-01-07,Email,1,5\n"),
        ("conversions", "order_id,user_id,order_date,order_value\no,u,2026-01-07,5\n"),
        ("fx_rates", "Date,From,To,Rate\n2026-01-07,EUR,USD,1.1\n"),
        ("aliases", "kind,from,to\nchannel,a,b\n"),
    ],
)
def test_generic_files_are_found_out(name: str, text: str) -> None:
    guess = guess_source(text.encode(), "file.csv")
    assert (guess.source, guess.export, guess.candidates) == (SOURCES[name], None, ())


def test_a_file_that_may_be_several_things_is_asked_about() -> None:
    guess = guess_source(b"Date,Account,Network\n2026-01-07,a,X\n", "file.csv")
    assert guess.source is None
    assert guess.candidates
    assert guess.doubt
    with pytest.raises(FileRefused, match="fit no source"):
        guess_source(b"foo,bar\n1,2\n", "file.csv")


def test_a_large_file_is_found_out_from_its_top() -> None:
    rows = "\n".join("2026-01-07,a,X,1" for _ in range(40_000))
    for encoding in ("utf-8", "utf-16"):
        guess = guess_source(f"Date,Account,Network,Reach\n{rows}\n".encode(encoding), "file.csv")
        assert guess.source is SOURCES["account_reach"]


def test_suggestions() -> None:
    text = "Dya,Chanel,Kampagnen-Nr,Investment,Cur\n2026-01-07,Email,A,12.50,EUR\n2026-01-08,Email,B,1,EUR\n"
    found = suggest(SOURCES["spend"], raw_of("spend", text))
    assert found["date"][0].column == "Dya"
    assert found["channel"][0].column == "Chanel"
    assert found["amount"][0].column == "Investment"
    assert found["currency"][0].column == "Cur"
    assert "look like amounts" in found["amount"][0].why
    assert "name is close" in found["channel"][0].why


def test_nothing_is_suggested_where_all_is_known() -> None:
    text = "Date,Account,Network,Reach\n2026-01-07,a,X,1\n"
    assert suggest(SOURCES["account_reach"], raw_of("account_reach", text)) == {}


def test_columns_of_distinct_texts_are_recognised_alike() -> None:
    raw = raw_of("touchpoints", "Date,Time,Person,Channel\n07.01.2026,10:30,p,Email\n08.01.2026,11:30,q,Email\n")
    table = raw.table.cast(pa.schema([(name, pa.dictionary(pa.int32(), pa.string())) for name in raw.header]))
    encoded = Raw(**{**raw.__dict__, "table": table})
    source = SOURCES["touchpoints"]
    assert recognise_file(source, encoded, {}, {}).mapping == recognise_file(source, raw, {}, {}).mapping


def test_the_totals_row_of_a_pivot_is_compared_and_left_out() -> None:
    text = 'Country,260107_X_Mentions (SUM),260108_X_Mentions (SUM)\nSpain,1,"1,200"\nPeru,2,-\nTotal,3,{}\n'
    for figure, agrees in (('"1,200"', True), ("1201", False)):
        result = prepare(SOURCES["mentions"], text.format(figure).encode(), "pivot.csv", now=NOW)
        assert (result.accepted, result.totals_dropped, result.refused.num_rows) == (3, 1, 0)
        assert [total.agrees for total in result.totals if total.field == "mentions"] == [agrees]


@pytest.mark.parametrize("other", ["Spend %", "% Spend", "Spend (budget)", "Spend (previous period)", "Spend (avg)"])
def test_another_number_of_the_same_name_is_not_taken(other: str) -> None:
    text = f"Date,Channel,Campaign,{other},Spend (USD)\n2026-01-07,Email,A,45.2,10\n"
    assert recognised("spend", text).mapping["amount"] == "Spend (USD)"
    assert "amount" not in recognise(SOURCES["spend"], read_raw(text.replace(",Spend (USD)", ",x").encode(), "a.csv"))


def test_a_lost_deal_is_no_conversion_even_where_none_is_won() -> None:
    header = "Deal ID,Deal stage,Closed date,Amount,Currency,Hashed email"
    text = f"{header}\nD1,Closed lost,2026-01-07,10,EUR,abc\nD2,Proposal,2026-01-07,10,EUR,abd\n"
    raw = recognised("conversions", text).raw
    assert [row["row"] for row in raw.refused.to_pylist()] == [2]

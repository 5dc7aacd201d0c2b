"""Preparing a file: what is recognised, stored, refused, merged and said."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import FileRefused, WrongUsage
from pipelines.ingest import MappingNeeded, Prepared, prepare
from pipelines.sources import SOURCES, Source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def prepared(
    source: str,
    text: str,
    mapping: Mapping[str, str | None] | None = None,
    fixed: Mapping[str, str] | None = None,
    **conventions: Any,
) -> Prepared:
    """Prepare the text and check that every row is accounted for."""
    result = prepare(SOURCES[source], text.encode(), f"{source}.csv", mapping, fixed, **{"now": NOW, **conventions})
    assert result.accepted + result.refused.num_rows + result.totals_dropped + result.merged == result.rows_read
    assert len(set(result.refused["row"].to_pylist())) == result.refused.num_rows
    return result


def column(result: Prepared, name: str, table: str = "") -> list[Any]:
    values: list[Any] = result.tables[table or result.source.table][name].to_pylist()
    return values


REACH = "Date,Account,Network,Reach\n2025-02-10,United,X,100\n2025-02-11,Delta,X,200\n"


@pytest.mark.parametrize(
    ("source", "header", "mapping"),
    [
        (
            "account_reach",
            "Day,Brand,Network,Reach (SUM),Impr.",
            {"date": "Day", "account": "Brand", "platform": "Network", "reach": "Reach (SUM)", "impressions": "Impr."},
        ),
        (
            "spend",
            "Date,Channel,Campaign name,Cost,Currency code,Clicks",
            {
                "date": "Date",
                "channel": "Channel",
                "campaign": "Campaign name",
                "amount": "Cost",
                "currency": "Currency code",
                "clicks": "Clicks",
            },
        ),
        (
            "touchpoints",
            "customer_id,timestamp,channel,campaign,interaction,conversion,conversion_value",
            {
                "time": "timestamp",
                "person": "customer_id",
                "channel": "channel",
                "campaign": "campaign",
                "kind": "interaction",
                "converted": "conversion",
                "revenue": "conversion_value",
            },
        ),
        (
            "touchpoints",
            "visitor_id,event_time,utm_source,utm_medium,event",
            {
                "time": "event_time",
                "person": "visitor_id",
                "source": "utm_source",
                "medium": "utm_medium",
                "kind": "event",
            },
        ),
        (
            "mentions",
            "Created Time,From User,Message,airline_sentiment,Brand,Channel,Permalink",
            {
                "time": "Created Time",
                "account": "Brand",
                "platform": "Channel",
                "sentiment": "airline_sentiment",
                "author": "From User",
                "text": "Message",
                "url": "Permalink",
            },
        ),
        (
            "conversions",
            "order_id,user_id,order_date,event_type,order_value,currency",
            {
                "time": "order_date",
                "person": "user_id",
                "type": "event_type",
                "revenue": "order_value",
                "currency": "currency",
                "id": "order_id",
            },
        ),
        ("fx_rates", "Date,From,To,Rate", {"date": "Date", "base": "From", "quote": "To", "rate": "Rate"}),
        ("aliases", "kind,from,to", {"kind": "kind", "from": "from", "to": "to"}),
    ],
)
def test_headers_people_use(source: str, header: str, mapping: dict[str, str]) -> None:
    cells = ",".join("x" for _ in header.split(","))
    assert prepared(source, f"{header}\n{cells}\n").mapping == mapping


def test_two_columns_for_one_field() -> None:
    result = prepared("account_reach", REACH.replace("Reach", "Reach,Reach (SUM)").replace(",X,", ",X,1,"))
    assert column(result, "reach") == [1, 1]
    assert "'reach' is read from 'Reach', not from 'Reach (SUM)'." in result.notes


def test_what_a_row_becomes() -> None:
    result = prepared("account_reach", REACH)
    assert result.sample(1) == [
        {
            "date": date(2025, 2, 10),
            "account": "United",
            "platform": "X",
            "reach": 100,
            "impressions": None,
            "followers": None,
            "row_number": 2,
        }
    ]
    assert (result.first_day, result.last_day) == (date(2025, 2, 10), date(2025, 2, 11))
    assert (result.encoding, result.delimiter, result.header_row) == ("utf-8", ",", 1)
    assert all(len(key) == 32 for key in column(result, "key_hash"))


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_stored_columns_and_types(source: Source) -> None:
    values = {"date": "2025-02-10", "instant": "2025-02-10T10:00:00Z", "currency": "USD", "choice": "channel"}
    cells = [values.get(field.type, "1") for field in source.fields]
    result = prepared(source.name, ",".join(source.field_names) + "\n" + ",".join(cells) + "\n")
    types: dict[str, pa.DataType] = {
        "date": pa.date32(),
        "instant": pa.timestamp("ms"),
        "integer": pa.int64(),
        "money": pa.decimal128(18, 4),
        "boolean": pa.bool_(),
    }
    schema = result.tables[source.table].schema
    for field in source.fields:
        if field.stored:
            expected = pa.decimal128(18, field.scale) if field.type == "decimal" else types.get(field.type, pa.string())
            stored = schema.field(field.stored_as).type
            assert (stored.value_type if pa.types.is_dictionary(stored) else stored) == expected
    assert schema.field("row_number").type == pa.int64()
    assert ("key_hash" in schema.names) == (source.store == "warehouse")
    assert ("dt" in schema.names) == (source.store == "lake")


HASHES = {
    "spend": (
        "date,channel,campaign,amount,currency,ad account,ad group,creative\n"
        "2025-02-10,Search,Frühling ẞ,1.5,EUR,,,\n2025-02-10,SEARCH,Sale,2,usd,Acme,G1,C-1\n",
        "4c4a771c0d646c3a490615b62edf58172c37ca40a77472cea3cf1d5fa4756a4b",
        "7f8d9187ad389a3de391602a60ba504e4d8884d8c0747626f1647fc6fa8aaa73",
    ),
    "account_reach": (
        "date,account,platform,reach\n2025-02-10, Élan  Vital,X,5\n",
        "3ff6bc6240020c2cdcf75dab6fc1ba25c212cae6b412291828be30d73d691384",
    ),
    "first_stream": (
        "date,account,platform,post,reach\n2025-02-10,A,X,https://X.com/A?b=1,5\n",
        "c1b4dead94ceb173377518edb18e536afb8953fa919d14f67daa2e8330523f61",
    ),
    "fx_rates": (
        "date,base,quote,rate\n2025-02-10,eur,usd,1.0834\n",
        "b0956e421863467acf8ae4b4ef4386ef61d133cc7d95e86be1bb6b75799403d8",
    ),
    "mentions": (
        "time,account,platform,author,text\n2025-02-10 10:00,United,X,Ann,Hello there\n2025-02-10 10:00,UNITED,x,ann,Hello there\n",
        "d008bff6f2ca6e4257d439ebc5d94926ffdb446cee9d724e2378f4b30af273f9",
        "24e8103657cf8567d15339c284995a3a623b143fdb7cdb703fb28cb6531b1483",
    ),
    "conversions": (
        "time,person,type,revenue,currency\n2025-02-10 10:00,u1,Lead,9.99,EUR\n2025-02-10 10:00,u1,Lead,-0.05,\n2025-02-10 10:00,,,,\n",
        "4964c19fdf0186018a65f8ccdf139fee4d22943c02204c6068c8191804c779d7",
        "73e0c955a3fc5244f525f2d5772889a2ca76ad4df8bc11d6a9d9d5b44eeddc18",
        "5a1074cfec84982a3f5af01b203a7d86da5e77d7d1696ade39f0fe465bde1b9b",
    ),
    "touchpoints": (
        "time,person,channel,source,medium\n2025-02-10 10:00,u1,,google,cpc\n2025-02-10 10:00,u1,,Google,CPC\n",
        "8c218e26e563fa3cee51163cc85bd98fa8ee9694f149c41708ae95e17049c8ab",
        "ff09504d2e68018667188660670f6d9b1dda05d73c2a6742b8d68be0de442b71",
    ),
}
"""Source -> a file and the hashes its rows have in homes that exist: were they others, a newer file would not replace these rows."""


@pytest.mark.parametrize("source", HASHES)
def test_the_same_facts_have_the_hash_they_always_had(source: str) -> None:
    text, *hashes = HASHES[source]
    rows = prepared(source, text).tables[SOURCES[source].table]
    name = "key_hash" if "key_hash" in rows.column_names else rows.column_names[0]
    found = rows[name].to_pylist()
    assert [value if isinstance(value, str) else value.hex() for value in found] == hashes


def test_missing_fields_can_be_pointed_at() -> None:
    with pytest.raises(MappingNeeded) as needed:
        prepared("account_reach", "Tag,Marke,Wert\n2025-02-10,United,5\n")
    assert needed.value.missing == ("account", "platform", "reach")
    assert needed.value.mapping == {"date": "Tag"}
    assert needed.value.raw.header == ("Tag", "Marke", "Wert")
    assert needed.value.remedy
    result = prepared(
        "account_reach",
        "Tag,Marke,Wert\n2025-02-10,United,5\n",
        {"account": "marke", "reach": "Wert"},
        {"platform": "X"},
    )
    assert (column(result, "platform"), column(result, "reach")) == (["X"], [5])


def test_mapping_overrules_and_unmaps() -> None:
    text = REACH.replace("Network", "Network,Impressions").replace(",X,", ",X,7,")
    assert column(prepared("account_reach", text, {"impressions": None}), "impressions") == [None, None]
    swapped = prepared("account_reach", text, {"reach": "Impressions"})
    assert (column(swapped, "reach"), column(swapped, "impressions")) == ([7, 7], [None, None])


def test_fixed_values() -> None:
    assert column(prepared("account_reach", REACH, None, {"platform": "LinkedIn"}), "platform") == ["LinkedIn"] * 2
    blanks = REACH.replace("United,X", "United,")
    filled = prepared("account_reach", blanks, {"platform": "Network"}, {"platform": "LinkedIn"})
    assert column(filled, "platform") == ["LinkedIn", "X"]
    with pytest.raises(FileRefused, match="fixed value 'many' for reach"):
        prepared("account_reach", REACH, None, {"reach": "many"})


def test_wrong_names() -> None:
    with pytest.raises(WrongUsage, match="no field 'nonsense'"):
        prepared("account_reach", REACH, {"nonsense": "Date"})
    with pytest.raises(FileRefused, match="no column 'Datum'"):
        prepared("account_reach", REACH, {"date": "Datum"})


def test_refused_rows_name_row_column_value_and_reason() -> None:
    text = "Export\n\n" + REACH + "2025-02-30,Delta,X,5\n2025-02-12,,X,-5\n2030-01-01,Delta,X,5\n2025-02-13,Delta\n"
    lines = prepared("account_reach", text).refused.to_pylist()
    assert [(line["row"], line["column"], line["value"]) for line in lines] == [
        (6, "Date", "2025-02-30"),
        (7, "Account", ""),
        (8, "Date", "2030-01-01"),
        (9, "", "2025-02-13,Delta"),
    ]
    assert lines[1]["reason"] == "This must not be blank. Also Reach '-5': This cannot be negative."
    assert "future" in lines[2]["reason"]


def test_all_rows_refused_is_still_an_answer() -> None:
    result = prepared("account_reach", "date,account,platform,reach\nx,United,X,1\n")
    assert (result.accepted, result.refused.num_rows, result.first_day) == (0, 1, None)
    assert prepared("spend", "date,channel,campaign,amount\nTotal,,,5\n").totals_dropped == 1
    assert prepared("mentions", "time,account,platform\nx,United,X\n").accepted == 0
    assert prepared("touchpoints", "time,person,channel,converted\nx,u,X,1\n").tables["conversions"].num_rows == 0


@pytest.mark.parametrize(
    "row", ["Total,,,300", "Grand total:,,,300", ",Gesamt,,300", "Sum,,,300", "TOTAL OF 2 RESULTS,,,300"]
)
def test_totals_rows_are_dropped_and_counted(row: str) -> None:
    result = prepared("account_reach", REACH + row + "\n")
    assert (result.accepted, result.totals_dropped, result.refused.num_rows) == (2, 1, 0)


@pytest.mark.parametrize("row", ["2025-02-12,Total,X,5", "2025-02-12,Total Care,X,5"])
def test_an_account_called_total_stays(row: str) -> None:
    assert prepared("account_reach", REACH + row + "\n").accepted == 3


def test_repeated_reach_is_refused_unless_it_says_the_same() -> None:
    result = prepared("account_reach", REACH + "2025-02-10,united ,x,100\n2025-02-10,United,X,101\n")
    assert (result.accepted, result.merged, column(result, "reach")) == (2, 1, [100, 200])
    line = result.refused.to_pylist()[0]
    assert (line["row"], line["column"], line["value"]) == (5, "Date, Account, Network", "2025-02-10, United, X")


def test_repeated_spend_is_summed() -> None:
    text = (
        "date,channel,campaign,amount,currency,platform,clicks\n"
        "2025-02-10,Search,Spring,1.5,EUR,,\n"
        "2025-02-10,SEARCH,spring,2.25,eur,Google,7\n"
        "2025-02-10,Search,Spring,4,USD,,\n"
        "2025-02-10,Search,Summer,-1,EUR,,\n"
    )
    result = prepared("spend", text)
    assert column(result, "amount") == [Decimal("3.75"), Decimal(4), Decimal(-1)]
    assert column(result, "clicks") == [7, None, None]
    assert column(result, "platform") == ["Google", None, None]
    assert column(result, "row_number") == [2, 4, 5]
    assert result.merged == 1
    assert any("credit notes" in warning for warning in result.warnings)


def test_sums_that_do_not_fit_are_refused() -> None:
    row = "2025-02-10,Search,Spring,999999999999\n"
    with pytest.raises(FileRefused, match="more than can be stored"):
        prepared("spend", "date,channel,campaign,amount\n" + row * 101)


def test_amounts_without_currency_are_in_the_reporting_currency() -> None:
    result = prepared("spend", "date,channel,campaign,amount\n2025-02-10,Search,Spring,5\n", currency="CHF")
    assert column(result, "currency") == ["CHF"]
    assert "Amounts without a currency: 1; taken as CHF." in result.warnings


def test_amounts_may_name_their_currency() -> None:
    text = "date,channel,campaign,amount\n2025-02-10,Search,Spring,£5\n2025-02-11,Search,Spring,6\n2025-02-12,Search,Spring,7 USD\n"
    result = prepared("spend", text)
    assert column(result, "currency") == ["GBP", "EUR", "USD"]
    assert column(result, "amount") == [5, 6, 7]
    assert "Amounts without a currency: 1; taken as EUR." in result.warnings
    shown = {conversion.field: conversion for conversion in result.conversions}["currency"]
    assert (shown.column, shown.written, shown.stored) == ("amount", "£5", "GBP")


@pytest.mark.parametrize(("reporting", "taken"), [("AUD", "AUD"), ("EUR", "USD")])
def test_a_sign_of_several_currencies(reporting: str, taken: str) -> None:
    result = prepared("spend", "date,channel,campaign,amount\n2025-02-10,Search,Spring,$5\n", currency=reporting)
    assert column(result, "currency") == [taken]
    assert any(warning.startswith(f"'$' in 'amount' is read as {taken}") for warning in result.warnings)


def test_a_currency_that_the_person_names_wins_over_signs() -> None:
    text = "date,channel,campaign,amount\n2025-02-10,Search,Spring,£5\n"
    result = prepare(SOURCES["spend"], text.encode(), "spend.csv", fixed={"currency": "USD"}, now=NOW)
    assert column(result, "currency") == ["USD"]
    assert any("such as '£5'; taken as USD" in warning for warning in result.warnings)


def test_an_amount_against_its_header_is_refused() -> None:
    text = "date,channel,campaign,amount (USD)\n2025-02-10,Search,Spring,£5\n2025-02-11,Search,Spring,$6\n"
    result = prepared("spend", text)
    assert [line["row"] for line in result.refused.to_pylist()] == [2]
    assert column(result, "currency") == ["USD"]


def test_an_amount_against_its_row_is_refused() -> None:
    text = "date,channel,campaign,amount,currency\n2025-02-10,Search,Spring,£5,USD\n2025-02-11,Search,Spring,$6,CAD\n"
    result = prepared("spend", text)
    assert [line["column"] for line in result.refused.to_pylist()] == ["amount, currency"]
    assert column(result, "currency") == ["CAD"]


def test_unknown_amounts_are_said() -> None:
    result = prepared("spend", "date,channel,campaign,amount\n2025-02-10,Search,Spring,--\n")
    assert column(result, "amount") == [None]
    assert any("unknown, not 0" in warning for warning in result.warnings)


def test_aliases_are_keyed_by_kind_and_folded_name() -> None:
    result = prepared("aliases", "kind,from,to\nChannel,Google Ads,Paid Search\nchannel,GOOGLE ADS,Paid\nperson,a,b\n")
    assert column(result, "from_name") == ["Google Ads"]
    assert [line["row"] for line in result.refused.to_pylist()] == [3, 4]


TOUCHPOINTS = "id,time,person,channel\nt1,2025-02-10 10:00,u1,Email\nt2,2025-02-10 10:00,u2,Email\n"


def test_ids_of_the_file_are_kept() -> None:
    assert column(prepared("touchpoints", TOUCHPOINTS), "touchpoint_id") == ["t1", "t2"]


def test_rows_that_repeat_an_id_and_its_facts_are_merged() -> None:
    result = prepared("touchpoints", TOUCHPOINTS + "t1,2025-02-10 10:00,u1,email\n")
    assert (result.accepted, result.merged) == (2, 1)
    assert any("repeat an id" in warning for warning in result.warnings)


@pytest.mark.parametrize("row", ["t1,2025-02-11 10:00,u1,Email", "5.70306E+17,2025-02-11 10:00,u1,Email"])
def test_ids_that_cannot_be_trusted_are_not_used_at_all(row: str) -> None:
    result = prepared("touchpoints", TOUCHPOINTS + row + "\n")
    assert result.accepted == 3
    assert all(len(name) == 64 for name in column(result, "touchpoint_id"))
    assert any("is not used" in warning for warning in result.warnings)


def test_ids_of_refused_rows_say_nothing_of_the_others() -> None:
    result = prepared("touchpoints", TOUCHPOINTS + "5.70306E+17,no day,u1,Email\n")
    assert column(result, "touchpoint_id") == ["t1", "t2"]


def test_rows_without_id_are_told_apart_by_facts_and_occurrence() -> None:
    header, row = "time,account,platform,author,text,sentiment,reach\n", "2025-02-10 10:00,United,X,ann,hello,{},{}\n"
    first = prepared("mentions", header + row.format("positive", 5) + row.format("positive", 5))
    again = prepared("mentions", header + row.format("negative", 9).replace("United", "UNITED") + row.format("", ""))
    assert len(set(column(first, "mention_id"))) == 2
    assert column(first, "mention_id") == column(again, "mention_id")


def test_marked_conversions() -> None:
    text = (
        "time,person,channel,converted,revenue\n"
        "2025-02-10 10:00,u1,Email,yes,9.99\n"
        "2025-02-10 11:00,u1,Email,,\n"
        "2025-02-10 12:00,u2,Search,0,5\n"
        "2025-02-10 13:00,u2,Search,1,\n"
    )
    result = prepared("touchpoints", text)
    assert result.accepted == 4
    assert column(result, "revenue", "conversions") == [Decimal("9.99"), None]
    assert column(result, "type", "conversions") == ["conversion"] * 2
    assert column(result, "row_number", "conversions") == [2, 5]
    assert column(result, "conversion_id", "conversions")[0].startswith(column(result, "touchpoint_id")[0])
    assert "converted" not in result.tables["touchpoints"].column_names


def test_revenue_alone_marks_conversions() -> None:
    text = "time,person,channel,revenue\n2025-02-10,u1,Email,9.99\n2025-02-10,u1,Email,0\n2025-02-10,u1,Email,\n"
    assert column(prepared("touchpoints", text), "row_number", "conversions") == [2]


def test_channel_of_a_touchpoint_without_one() -> None:
    text = (
        "time,person,channel,source,medium\n"
        "2025-02-10,u1,Email,news,mail\n2025-02-10,u1,,google,cpc\n2025-02-10,u1,,google,\n2025-02-10,u1,,,\n"
    )
    assert column(prepared("touchpoints", text), "channel") == ["Email", "google / cpc", "google", "direct"]


def test_conversions_of_nobody_known_are_kept() -> None:
    result = prepared("conversions", "time,person,type\n2025-02-10,,\n2025-02-10,(not set),lead\n")
    assert column(result, "person") == [None, None]
    assert column(result, "type") == ["conversion", "lead"]
    assert "person" in {field.name for field in result.source.fields if field.required}


def test_times_are_in_the_given_zone_and_days_are_not() -> None:
    touchpoints = prepared("touchpoints", "time,person,channel\n2025-07-01 00:30,u,Email\n", zone="Europe/Berlin")
    assert column(touchpoints, "dt") == ["2025-06-30"]
    assert column(prepared("account_reach", REACH, zone="Pacific/Auckland"), "date")[0] == date(2025, 2, 10)


CELLS = st.text(max_size=10) | st.sampled_from(
    ["2025-02-10", "10/02/2025", "1.234", "1,5", "-3", "Total", "N/A", "5.7E+17", '"', "", "0", "yes", "EUR"]
)


@settings(max_examples=150, deadline=None)
@given(source=st.sampled_from(sorted(SOURCES)), data=st.data())
def test_no_row_of_any_file_is_lost(source: str, data: st.DataObject) -> None:
    names = SOURCES[source].field_names
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), min_size=1, max_size=6))
    text = "\n".join(["\t".join(names), *("\t".join(row) for row in rows)])
    with suppress(FileRefused):
        prepared(source, text)


def conversions(result: Prepared) -> dict[str, tuple[str, str, str]]:
    return {each.field: (each.written, each.stored, each.how) for each in result.conversions}


UNDECIDED = "date,channel,campaign,amount\n01/02/2026,Search,A,5\n03/02/2026,Search,A,6\n"


def test_dates_that_read_either_way_are_asked_about() -> None:
    result = prepared("spend", UNDECIDED)
    (doubt,) = result.doubts
    assert (doubt.kind, doubt.column, doubt.example) == ("date_order", "date", "01/02/2026")
    assert doubt.readings == {"day": "2026-02-01", "month": "2026-01-02"}
    assert column(result, "date")[0] == date(2026, 2, 1)


@pytest.mark.parametrize(("said", "first"), [("day", date(2026, 2, 1)), ("month", date(2026, 1, 2))])
def test_the_answer_is_kept_with_the_file(said: Any, first: date) -> None:
    result = prepared("spend", UNDECIDED, date_order=said)
    assert (result.doubts, column(result, "date")[0]) == ((), first)
    assert result.options == {"zone": "UTC", "date_order": said}


@pytest.mark.parametrize("other", ["Flight end", "Day of change"])
def test_any_date_of_the_file_tells_the_order(other: str) -> None:
    text = f"date,channel,campaign,amount,{other}\n01/02/2026,Search,A,5,28/02/2026\n"
    result = prepared("spend", text)
    assert (result.doubts, column(result, "date")) == ((), [date(2026, 2, 1)])


@pytest.mark.parametrize(("said", "amount"), [("point", Decimal("1.234")), ("comma", Decimal(1234))])
def test_the_decimal_mark_can_be_said(said: Any, amount: Decimal) -> None:
    result = prepared("spend", "date,channel,campaign,amount\n2025-02-10,Search,A,1.234\n", decimal=said)
    assert column(result, "amount") == [amount]
    assert result.options["decimal"] == said


def test_day_and_time_of_day_in_two_columns() -> None:
    text = "Date;Time;Source;Brand;Author\n05.01.2026;23:45;x.com;Acme;ann\n17.01.2026;7:05:30;x.com;Acme;bob\n31.01.2026;25:00;x.com;Acme;cy\n"
    result = prepared("mentions", text, {"clock": "Time"}, zone="Europe/Berlin")
    assert [str(moment) for moment in column(result, "occurred_at")] == ["2026-01-05 22:45:00", "2026-01-17 06:05:30"]
    (line,) = result.refused.to_pylist()
    assert (line["row"], line["column"], line["value"]) == (4, "Date, Time", "31.01.2026, 25:00")


def test_every_field_shows_how_it_was_read() -> None:
    text = (
        "Datum;Kanal;Kampagne;Kosten;Währung;Impressionen;Klicks\n"
        "13.02.2025;Suche; Frühling ;1.234,56 €;eur;12.345;(3)\n14.02.2025;Suche;Sommer;7,50 €;eur;5;4\n"
    )
    assert conversions(prepared("spend", text, None, {"platform": "Google"})) == {
        "date": ("13.02.2025", "2025-02-13", "day first"),
        "channel": ("Suche", "Suche", "as written"),
        "campaign": (" Frühling ", "Frühling", "trimmed"),
        "amount": ("1.234,56 €", "1234.56", "thousands point, decimal comma, without the currency"),
        "currency": ("eur", "EUR", "read as a currency"),
        "platform": ("Google", "Google", "the same for all rows"),
        "impressions": ("12.345", "12345", "thousands point"),
        "clicks": ("4", "4", "as written"),
    }


def test_moments_show_their_zone() -> None:
    text = "time,person,channel,converted\n13/07/2025 00:30,u,Email,no\n"
    result = conversions(prepared("touchpoints", text, zone="Europe/Berlin"))
    assert result["time"] == ("13/07/2025 00:30", "2025-07-12 22:30:00 UTC", "day first, Europe/Berlin -> UTC")
    assert result["converted"] == ("no", "no", "as written")
    zoned = prepared("touchpoints", text.replace("13/07/2025 00:30", "2025-07-13T00:30:00+02:00"))
    assert conversions(zoned)["time"][1:] == ("2025-07-12 22:30:00 UTC", "year first, its own zone -> UTC")


@pytest.mark.parametrize(
    ("written", "stored", "how"),
    [
        ("12.3K", "12300", "decimal point, times 1,000"),
        ("4,5 Mio", "4500000", "decimal comma, times 1,000,000"),
        ("1 234,5", "1234.5", "thousands space, decimal comma"),
        ("(5.00)", "-5", "decimal point, brackets as minus"),
        ("$7", "7", "without the currency"),
        ("5.00", "5", "decimal point"),
    ],
)
def test_how_a_number_was_read(written: str, stored: str, how: str) -> None:
    text = f'date,channel,campaign,amount,currency\n2025-02-10,Search,A,"{written}",USD\n'
    assert conversions(prepared("spend", text))["amount"] == (written, stored, how)


def test_texts_that_hardly_repeat_are_read_like_others() -> None:
    rows = [f"2025-02-10 10:00,United,X,author {number},post {number}\n" for number in range(100_001)]
    result = prepared("mentions", "time,account,platform,author,text\n" + "".join(rows) + rows[7])
    assert result.accepted == 100_002
    assert column(result, "text")[-1] == "post 7"
    assert len(set(column(result, "mention_id"))) == 100_002


def test_smells_are_warned_of() -> None:
    text = "time,person,channel\n2025-02-10,ann@example.com,Email\n"
    assert any("e-mail addresses in plain text" in warning for warning in prepared("touchpoints", text).warnings)


def test_a_sign_and_a_header_speak_where_the_currency_column_does_not_say_otherwise() -> None:
    signs = b"date,channel,campaign,spend,currency\n2026-01-13,S,A,$5,EUR\n2026-01-14,S,B,$6,CAD\n"
    result = prepare(SOURCES["spend"], signs, "spend.csv")
    assert [row["row"] for row in result.refused.to_pylist()] == [2]
    assert result.tables["spend"]["currency"].to_pylist() == ["CAD"]
    header = b"date,channel,campaign,Spend (USD),currency\n2026-01-13,S,A,5,\n2026-01-14,S,B,6,EUR\n"
    result = prepare(SOURCES["spend"], header, "spend.csv")
    assert [row["row"] for row in result.refused.to_pylist()] == [3]
    assert result.tables["spend"]["currency"].to_pylist() == ["USD"]
    pointed_at = prepare(SOURCES["spend"], header, "spend.csv", {"currency": "currency"})
    assert pointed_at.tables["spend"]["currency"].to_pylist() == ["EUR", "EUR"]

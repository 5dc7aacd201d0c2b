"""The exports of tools: files as the tools write them, recognised unasked, and the exact rows that come out."""

import csv
import io
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.errors import FileRefused
from pipelines.ingest import MappingNeeded, Prepared, prepare
from pipelines.ingest.guess import guess_source
from pipelines.ingest.header import fold_header
from pipelines.ingest.matching import named
from pipelines.ingest.read import read_raw
from pipelines.ingest.recognise import recognise_file
from pipelines.sources import SOURCES
from pipelines.sources.exports import EXPORTS, Export

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A file as a tool writes it, and what becomes of its rows: the stored columns named, instants and money as text."""

    export: str
    text: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    name: str = "export.csv"

    @property
    def told(self) -> Export:
        return EXPORTS[self.export]

    def prepare(self, fixed: dict[str, str] | None = None) -> Prepared:
        return prepare(SOURCES[self.told.source], self.text.encode(), self.name, {}, fixed or {}, now=NOW, zone="UTC")


SPEND = ("date", "channel", "platform", "campaign", "amount", "currency", "impressions", "clicks")

SAMPLES = [
    Sample(
        "google_ads",
        "Campaign report\n"
        '"January 7, 2026 - January 8, 2026"\n'
        "Campaign status,Campaign,Day,Currency code,Avg. CPC,Cost,Impr.,Clicks,Conversions,Search impr. share\n"
        'Enabled,Brand,2026-01-07,EUR,1.20,"1,234.56","10,200",900,3.50,< 10%\n'
        "Paused,Total Care,2026-01-08,EUR, --,0.00,0,0,0.00, --\n"
        'Total: Campaigns, --, --,EUR,1.20,"1,234.56","10,200",900,3.50, --\n',
        (*SPEND, "reported_conversions"),
        (
            ("2026-01-07", "Google Ads", "Google", "Brand", "1234.5600", "EUR", 10200, 900, "3.5000"),
            ("2026-01-08", "Google Ads", "Google", "Total Care", "0.0000", "EUR", 0, 0, "0.0000"),
        ),
    ),
    Sample(
        "google_ads",
        "Kampagnenbericht\n7. Januar 2026\nTag\tKampagne\tAnzeigengruppe\tWährungscode\tKosten\tImpr.\tKlicks\n"
        "2026-01-07\tMarke\tKern\tEUR\t1.234,56\t10.200\t900\n",
        (*SPEND, "ad_group"),
        (("2026-01-07", "Google Ads", "Google", "Marke", "1234.5600", "EUR", 10200, 900, "Kern"),),
    ),
    Sample(
        "meta_ads",
        "Campaign name,Day,Amount spent (USD),Impressions,Link clicks,Results,Reporting starts,Reporting ends\n"
        ",,150.25,3000,40,5,2026-01-07,2026-01-08\n"
        "Launch,2026-01-07,100.25,2000,30,3,2026-01-07,2026-01-07\n"
        "Launch,2026-01-08,50,1000,10,2,2026-01-08,2026-01-08\n",
        SPEND,
        (
            ("2026-01-07", "Meta Ads", "Meta", "Launch", "100.2500", "USD", 2000, 30),
            ("2026-01-08", "Meta Ads", "Meta", "Launch", "50.0000", "USD", 1000, 10),
        ),
    ),
    Sample(
        "meta_ads",
        "Reporting starts,Reporting ends,Campaign name,Ad set name,Amount spent (EUR)\n"
        "2026-01-07,2026-01-07,Launch,Set A,100.25\n2026-01-08,2026-01-08,Launch,Set A,50\n",
        ("date", "campaign", "ad_group", "amount", "currency"),
        (("2026-01-07", "Launch", "Set A", "100.2500", "EUR"), ("2026-01-08", "Launch", "Set A", "50.0000", "EUR")),
    ),
    Sample(
        "meta_ads",
        "Jour;Nom de la campagne;Montant dépensé (USD);Impressions;Clics (tous)\n2026-01-07;Été;1 234,56;2 000;30\n",
        SPEND,
        (("2026-01-07", "Meta Ads", "Meta", "Été", "1234.5600", "USD", 2000, 30),),
    ),
    Sample(
        "meta_ads",
        "Tag;Kampagnenname;Ausgegebener Betrag (EUR);Impressionen;Link-Klicks\n2026-01-07;Sommer;1.234,56;2.000;30\n",
        SPEND,
        (("2026-01-07", "Meta Ads", "Meta", "Sommer", "1234.5600", "EUR", 2000, 30),),
    ),
    Sample(
        "meta_ads",
        "Nombre de la campaña,Inicio del informe,Fin del informe,Importe gastado (COP),Impresiones\n"
        "Verano,2026-01-07,2026-01-07,1234.56,2000\n",
        SPEND[:7],
        (("2026-01-07", "Meta Ads", "Meta", "Verano", "1234.5600", "COP", 2000),),
    ),
    Sample(
        "meta_ads",
        "Giorno;Nome della campagna;Importo speso (EUR);Impression\n2026-01-07;Estate;12,50;2000\n",
        SPEND[:7],
        (("2026-01-07", "Meta Ads", "Meta", "Estate", "12.5000", "EUR", 2000),),
    ),
    Sample(
        "meta_ads",
        "Dia;Nome da campanha;Valor usado (BRL);Impressões;Cliques no link\n2026-01-07;Verão;1.234,56;2.000;30\n",
        SPEND,
        (("2026-01-07", "Meta Ads", "Meta", "Verão", "1234.5600", "BRL", 2000, 30),),
    ),
    Sample(
        "meta_ads",
        "Dag;Campagnenaam;Platform;Weergaven;Linkkliks;Besteed bedrag (EUR)\n2026-01-07;Zomer;instagram;1.200;24;12,50\n",
        SPEND,
        (("2026-01-07", "Meta Ads", "instagram", "Zomer", "12.5000", "EUR", 1200, 24),),
    ),
    Sample(
        "linkedin_ads",
        "Campaign Performance Report (in UTC)\n"
        '"Report Start: January 7, 2026, 12:00 AM"\n"Report End: January 8, 2026, 11:59 PM"\n'
        '"Date Generated: January 9, 2026, 8:00 AM"\n'
        "Start Date (in UTC),Account Name,Currency,Campaign Group Name,Campaign Name,Total Spent,Impressions,Clicks\n"
        "01/07/2026,ACME,EUR,Group,Hiring,12.50,2000,30\n01/08/2026,ACME,EUR,Group,Hiring,7.50,1000,10\n",
        (*SPEND, "ad_account"),
        (
            ("2026-01-07", "LinkedIn Ads", "LinkedIn", "Hiring", "12.5000", "EUR", 2000, 30, "ACME"),
            ("2026-01-08", "LinkedIn Ads", "LinkedIn", "Hiring", "7.5000", "EUR", 1000, 10, "ACME"),
        ),
    ),
    Sample(
        "tiktok_ads",
        "Campaign name,By Day,Cost,Impressions,Clicks (destination),Conversions,Currency\n"
        "Dance,2026-01-07,12.50,2000,30,1,USD\nDance,2026-01-08,7.50,1000,10,1,USD\n"
        "Total of 2 results,-,20.00,3000,40,2,-\n",
        SPEND,
        (
            ("2026-01-07", "TikTok Ads", "TikTok", "Dance", "12.5000", "USD", 2000, 30),
            ("2026-01-08", "TikTok Ads", "TikTok", "Dance", "7.5000", "USD", 1000, 10),
        ),
    ),
    Sample(
        "x_ads",
        "Time period;Campaign name;Funding source;Spend;Impressions;Clicks\n"
        "07/01/2026;Launch;Card;12,50 €;3.000;30\n13/01/2026;Launch;Card;7,50 €;1.000;10\n",
        SPEND,
        (
            ("2026-01-07", "X Ads", "X", "Launch", "12.5000", "EUR", 3000, 30),
            ("2026-01-13", "X Ads", "X", "Launch", "7.5000", "EUR", 1000, 10),
        ),
    ),
    Sample(
        "x_ads",
        "Time period;Campaign name;Spend;Impressions\n05/01/2026;Launch;12,50 €;3.000\n06/01/2026;Launch;1.012,00 €;900\n",
        ("date", "amount", "currency", "impressions"),
        (("2026-01-05", "12.5000", "EUR", 3000), ("2026-01-06", "1012.0000", "EUR", 900)),
    ),
    Sample(
        "sprinklr",
        "Widget: Brand mentions,,,\nJan 1 2026 - Jan 31 2026,,,\n"
        "From User,Conversation Stream,Created Time,Permalink,snTypeColumn,Sentiment,Country,Reach (SUM),"
        "Earned Engagements (Recalibrated) (SUM),Mentions (SUM)\n"
        'ann,"So good, really",2026-01-07 10:30:00,https://x.com/ann/1,TWITTER,Positive,Spain,1200,14,1\n'
        "bob,Meh,2026-01-07 11:00:00,https://x.com/bob/2,TWITTER,Uncategorized,,,0,2\n",
        (
            "occurred_at",
            "account",
            "platform",
            "author",
            "text",
            "url",
            "sentiment",
            "mentions",
            "reach",
            "engagements",
        ),
        (
            (
                *("2026-01-07 10:30:00", None, "TWITTER", "ann", "So good, really", "https://x.com/ann/1"),
                *("positive", 1, 1200, 14),
            ),
            ("2026-01-07 11:00:00", None, "TWITTER", "bob", "Meh", "https://x.com/bob/2", "uncategorized", 2, None, 0),
        ),
    ),
    Sample(
        "sprinklr_pivot",
        "snTypeColumn,260107_BRAND_X_Mentions (SUM),260107_BRAND_X_Reach (SUM),260108_BRAND_X_Mentions (SUM),"
        "260107_OTHER_Mentions (SUM)\n"
        'TWITTER,12,"1,200",3,-\nINSTAGRAM,,500,0,7\n',
        ("row_number", "occurred_at", "account", "platform", "mentions", "reach"),
        (
            (2, "2026-01-07 00:00:00", "BRAND_X", "TWITTER", 12, 1200),
            (2, "2026-01-08 00:00:00", "BRAND_X", "TWITTER", 3, None),
            (3, "2026-01-07 00:00:00", "BRAND_X", "INSTAGRAM", 0, 500),
            (3, "2026-01-08 00:00:00", "BRAND_X", "INSTAGRAM", 0, None),
            (3, "2026-01-07 00:00:00", "OTHER", "INSTAGRAM", 7, None),
        ),
    ),
    Sample(
        "meltwater",
        "Date,Headline,URL,Opening Text,Hit Sentence,Source,Influencer,Country,Reach,Engagement,AVE,Sentiment,Input Name\n"
        "2026-01-07 10:30,News,https://n.example/1,Opens,It is good,Daily News,Ann Lee,Spain,120000,5,1110.00,Positive,ACME\n"
        "2026-01-08 09:00,,https://x.com/b/2,,meh,Twitter,@bob,,90,0,0.83,Not Rated,ACME\n",
        ("occurred_at", "account", "platform", "author", "text", "url", "sentiment", "mentions", "reach"),
        (
            (
                *("2026-01-07 10:30:00", "ACME", "Daily News", "Ann Lee", "It is good", "https://n.example/1"),
                *("positive", 1, 120000),
            ),
            (
                *("2026-01-08 09:00:00", "ACME", "Twitter", "@bob", "meh", "https://x.com/b/2"),
                *("uncategorized", 1, 90),
            ),
        ),
    ),
    Sample(
        "youscan",
        "Date;Time;Author;Text snippet;URL;Source;Sentiment;Country;Engagement\n"
        "07.01.2026;10:30;ann;Good;https://x.com/ann/1;twitter.com;Positive;Spain;5\n"
        "31.01.2026;23:59;bob;Meh;https://x.com/bob/2;twitter.com;Neutral;;0\n",
        ("occurred_at", "account", "platform", "author", "text", "sentiment", "engagements"),
        (
            ("2026-01-07 10:30:00", None, "twitter.com", "ann", "Good", "positive", 5),
            ("2026-01-31 23:59:00", None, "twitter.com", "bob", "Meh", "neutral", 0),
        ),
    ),
    Sample(
        "meta_posts",
        "Post ID,Page ID,Page name,Title,Publish time,Permalink,Post type,Date,Views,Reach,"
        '"Reactions, Comments and Shares"\n'
        "122100000000000001,9,ACME,Hi,01/07/2026 10:30,https://www.facebook.com/9/posts/1,Photos,Lifetime,300,200,14\n",
        ("date", "account", "platform", "post", "permalink", "reach", "impressions", "engagements"),
        (
            (
                *("2026-01-07", "ACME", "Facebook", "122100000000000001", "https://www.facebook.com/9/posts/1"),
                *(200, 300, 14),
            ),
        ),
    ),
    Sample(
        "meta_posts",
        "Post ID,Account username,Account name,Publish time,Permalink,Post type,Reach,Views,Likes\n"
        "1.79321E+16,acme,ACME,01/07/2026 10:30,https://www.instagram.com/p/AAA/,IG image,200,300,14\n"
        "1.79321E+16,acme,ACME,01/07/2026 11:30,https://www.instagram.com/p/BBB/,IG reel,,,\n",
        ("date", "account", "platform", "post", "permalink", "reach", "impressions"),
        (
            (
                *("2026-01-07", "ACME", "Instagram", "https://www.instagram.com/p/AAA/"),
                *("https://www.instagram.com/p/AAA/", 200, 300),
            ),
            (
                *("2026-01-07", "ACME", "Instagram", "https://www.instagram.com/p/BBB/"),
                *("https://www.instagram.com/p/BBB/", None, None),
            ),
        ),
    ),
    Sample(
        "ga4_events",
        "event_date,event_timestamp,event_name,user_pseudo_id,traffic_source.source,traffic_source.medium,"
        "traffic_source.name,ecommerce.purchase_revenue,ecommerce.transaction_id,currency\n"
        "20260107,1767781800000000,session_start,111.222,google,cpc,Brand,,,\n"
        "20260107,1767781860000000,purchase,111.222,google,cpc,Brand,49.90,T1,EUR\n"
        "20260107,1767781920000000,generate_lead,333.444,(direct),(none),,,,\n",
        ("occurred_at", "person", "channel", "campaign", "kind"),
        (
            ("2026-01-07 10:30:00", "111.222", "google / cpc", "Brand", "session_start"),
            ("2026-01-07 10:31:00", "111.222", "google / cpc", "Brand", "purchase"),
            ("2026-01-07 10:32:00", "333.444", "(direct) / (none)", None, "generate_lead"),
        ),
    ),
    Sample(
        "ga4_events",
        "Event name,Date,Client ID,Session source / medium,Session campaign,Purchase revenue\n"
        "page_view,20260107,111.222,google / cpc,Brand,0\npurchase,20260107,111.222,google / cpc,Brand,49.90\n",
        ("occurred_at", "person", "channel", "campaign", "kind"),
        (
            ("2026-01-07 00:00:00", "111.222", "google / cpc", "Brand", "page_view"),
            ("2026-01-07 00:00:00", "111.222", "google / cpc", "Brand", "purchase"),
        ),
    ),
    Sample(
        "crm_deals",
        "Deal ID,Deal name,Deal stage,Closed date,Amount,Currency,Hashed email\n"
        f"D1,One,Closed won,2026-01-07,1000.00,EUR,{'ab' * 32}\nD2,Two,Closed lost,2026-01-08,99.00,EUR,{'cd' * 32}\n",
        ("conversion_id", "occurred_at", "person", "type", "revenue", "currency"),
        (("D1", "2026-01-07 00:00:00", "ab" * 32, "conversion", "1000.0000", "EUR"),),
    ),
    Sample(
        "crm_deals",
        "Google Click ID,Conversion Name,Conversion Time,Conversion Value,Conversion Currency\n"
        "Cj0K-x,Signed,2026-01-07 10:30:00+01:00,1000,EUR\n",
        ("occurred_at", "person", "type", "revenue", "currency"),
        (("2026-01-07 09:30:00", "Cj0K-x", "Signed", "1000.0000", "EUR"),),
    ),
    Sample(
        "crm_deals",
        f"Deal ID,Closed date,Amount,Currency,Hashed email,GCLID\nD1,2026-01-07,1,EUR,{'ab' * 32},Cj0K-x\nD2,2026-01-08,2,EUR,,Cj0K-y\n",
        ("conversion_id", "person"),
        (("D1", "ab" * 32), ("D2", "Cj0K-y")),
    ),
]
EVERY_SAMPLE = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.export)
EVERY_EXPORT = pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)

BUSINESS_SUITE = 'sep=,\n"{metric}"\n"Date","Primary"\n"2026-01-07T00:00:00","120"\n"2026-01-09T00:00:00","80"\n'


@EVERY_EXPORT
def test_declaration_names_fields_of_its_source(export: Export) -> None:
    source = SOURCES[export.source]
    assert {*export.columns, *export.fixed, *export.said, *export.optional} <= set(source.field_names)
    assert export.header or export.preamble or export.pivot
    for names in export.columns.values():
        assert len({fold_header(name) for name in names}) == len(names)
    for names in export.header:
        assert set(named(export.names, names))
    asked = {"account"} if export.name == "meta_business_suite" else set()
    known = {*export.columns, *export.fixed, *export.said, *export.optional, *asked}
    for field in source.fields:
        assert not field.required or known & {field.name, *field.instead}
    if export.source == "spend":
        assert export.whole_range


@EVERY_EXPORT
def test_each_export_has_a_sample(export: Export) -> None:
    assert export.name in {*(sample.export for sample in SAMPLES), "meta_business_suite"}


@EVERY_SAMPLE
def test_rows_of_an_export(sample: Sample) -> None:
    result = sample.prepare()
    assert result.export is sample.told
    rows = result.tables[result.source.table].select(sample.columns).to_pylist()
    assert [tuple(map(_plain, row.values())) for row in rows] == list(sample.rows)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | None) else str(value)


@EVERY_SAMPLE
def test_an_export_is_found_out_unasked(sample: Sample) -> None:
    guess = guess_source(sample.text.encode(), "file.csv")
    assert (guess.source, guess.export) == (SOURCES[sample.told.source], sample.told)


@EVERY_SAMPLE
def test_columns_may_stand_anywhere_and_more_be_there(sample: Sample) -> None:
    raw = read_raw(sample.text.encode(), "file.csv", SOURCES[sample.told.source])
    before = recognise_file(SOURCES[sample.told.source], raw, {}, {})
    order = [*raw.header, "My own remark"]
    random.Random(7).shuffle(order)
    out = io.StringIO()
    lines = csv.writer(out, delimiter=raw.delimiter)
    lines.writerows(raw.preamble)
    lines.writerow(order)
    for row in raw.table.to_pylist():
        lines.writerow([row.get(column, "?") for column in order])
    again = read_raw(out.getvalue().encode(), "file.csv", SOURCES[sample.told.source])
    after = recognise_file(SOURCES[sample.told.source], again, {}, {})
    assert after.export is before.export
    assert (after.mapping, after.fixed) == (before.mapping, before.fixed)


def test_conversions_among_events() -> None:
    events = next(sample for sample in SAMPLES if sample.export == "ga4_events")
    conversions = events.prepare().tables["conversions"].to_pylist()
    assert [(row["conversion_id"][:2], row["type"], str(row["revenue"])) for row in conversions[:1]] == [
        ("T1", "purchase", "49.9000")
    ]
    assert [(row["type"], row["revenue"], row["person"]) for row in conversions[1:]] == [
        ("generate_lead", None, "333.444")
    ]


def test_baskets_are_no_revenue_and_refunds_lower_it() -> None:
    text = (
        "event_timestamp,event_name,user_pseudo_id,session_source,session_medium,value,transaction_id\n"
        "1767781800000000,add_to_cart,1.2,google,cpc,30,\n1767781800000001,purchase,1.2,google,cpc,30,T1\n"
        "1767781800000002,purchase,1.2,google,cpc,30,T1\n1767781800000003,refund,1.2,google,cpc,10,T1\n"
    )
    result = prepare(SOURCES["touchpoints"], text.encode(), "events.csv", now=NOW)
    conversions = result.tables["conversions"].select(["type", "revenue"]).to_pylist()
    assert [(row["type"], int(row["revenue"])) for row in conversions] == [("purchase", 30), ("purchase", -10)]


@pytest.mark.parametrize(
    ("metric", "platform"),
    [
        ("Facebook reach", "Facebook"),
        ("Instagram reach", "Instagram"),
        ("Facebook-Reichweite", "Facebook"),
        ("Alcance de Instagram", "Instagram"),
        ("Couverture Facebook", "Facebook"),
    ],
)
def test_business_suite_asks_for_the_account_alone(metric: str, platform: str) -> None:
    content = BUSINESS_SUITE.format(metric=metric).encode("utf-16")
    with pytest.raises(MappingNeeded) as needed:
        prepare(SOURCES["account_reach"], content, "Reach.csv", now=NOW)
    assert needed.value.missing == ("account",)
    result = prepare(SOURCES["account_reach"], content, "Reach.csv", {}, {"account": "ACME"}, now=NOW)
    rows = result.tables["account_reach"].select(["date", "account", "platform", "reach"]).to_pylist()
    assert [tuple(map(str, row.values())) for row in rows] == [
        ("2026-01-07", "ACME", platform, "120"),
        ("2026-01-09", "ACME", platform, "80"),
    ]
    assert guess_source(content, "Reach.csv").export is EXPORTS["meta_business_suite"]


@pytest.mark.parametrize("metric", ["Facebook visits", "Instagram follows", "Views", "Organic reach from ads"])
def test_business_suite_of_another_metric_is_refused(metric: str) -> None:
    with pytest.raises(FileRefused, match=f"holds '{metric}', not reach"):
        prepare(SOURCES["account_reach"], BUSINESS_SUITE.format(metric=metric).encode("utf-16"), "x.csv", now=NOW)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        (
            'Campaign report\n"January 1, 2026 - January 31, 2026"\nCampaign,Currency code,Cost,Impr.\nBrand,EUR,10,5\n',
            "segment the table by time: Day",
        ),
        (
            "Campaign name,Amount spent (USD),Reporting starts,Reporting ends\n,30,2026-01-01,2026-01-31\n"
            "A,10,2026-01-01,2026-01-31\nB,20,2026-01-01,2026-01-31\n",
            "breakdown By time > Day",
        ),
        ("Campaign name,Amount spent (USD),Reporting starts\nA,10,2026-01-01\nB,20,2026-01-01\n", "By time > Day"),
        ("Campaign name,Amount spent (USD),Impressions\nA,10,5\n", "breakdown By time > Day"),
        (
            "Nom de la campagne;Montant dépensé (EUR);Début des rapports;Fin des rapports\n"
            "Été;10,00;2026-01-01;2026-01-31\n",
            "breakdown By time > Day",
        ),
        ("Account Name,Campaign Name,Total Spent,Impressions\nACME,A,10,5\n", "time breakdown Daily"),
        (
            "Campaign Performance Report (in UTC)\n"
            '"Report Start: January 1, 2026, 12:00 AM"\n"Report End: January 31, 2026, 11:59 PM"\n'
            "Start Date (in UTC),Campaign Name,Total Spent\n01/01/2026,A,10\n01/01/2026,B,20\n",
            "time breakdown Daily",
        ),
        ("Campaign name,Cost,Clicks (destination)\nA,10,5\n", "dimension By Day"),
        ("Campaign name;Funding source;Spend\nA;Card;10\n", "segment Day"),
    ],
)
def test_a_whole_range_in_one_row_is_refused_with_the_setting_that_gives_days(text: str, remedy: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        prepare(SOURCES["spend"], text.encode(), "export.csv", now=NOW)
    assert remedy in refusal.value.remedy


def test_the_person_may_know_the_day_of_a_whole_range() -> None:
    text = "Campaign name,Amount spent (USD),Impressions\nA,10,5\n"
    result = prepare(SOURCES["spend"], text.encode(), "export.csv", {}, {"date": "2026-01-07"}, now=NOW)
    assert [str(day) for day in result.tables["spend"]["date"].to_pylist()] == ["2026-01-07"]


@pytest.mark.parametrize(
    "header",
    [
        "Day,Channel,Campaign,Cost,Impr.",
        "Date,Marketing channel,Campaign name,Amount spent,Impressions",
        "Date,Platform,Campaign name,Amount spent,Clicks",
        "Day,Campaign,Cost",
    ],
)
def test_a_tool_is_not_assumed_where_columns_say_more_or_too_little(header: str) -> None:
    raw = read_raw(f"{header}\n{','.join('1' for _ in header.split(','))}\n".encode(), "file.csv", SOURCES["spend"])
    assert recognise_file(SOURCES["spend"], raw, {}, {}).export is None

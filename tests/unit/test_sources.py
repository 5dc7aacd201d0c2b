"""The declarations of the sources: what the rest of the house relies on."""

import pytest

from pipelines.ingest.header import fold_header
from pipelines.sources import NUMBER_TYPES, SOURCES, Source

EVERY_SOURCE = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)


PROMISED = ("account_reach", "first_stream", "spend", "mentions", "touchpoints", "conversions", "fx_rates", "aliases")


def test_promised_sources_stand_in_the_order_people_see_them() -> None:
    assert tuple(name for name in SOURCES if name in PROMISED) == PROMISED
    assert all(source.name == name for name, source in SOURCES.items())


@EVERY_SOURCE
def test_declaration_refers_to_its_own_fields(source: Source) -> None:
    names = source.field_names
    assert len(set(names)) == len(names)
    assert len({field.stored_as for field in source.fields}) == len(names)
    referred = {*source.key, *source.sums, *(name for field in source.fields for name in field.instead)}
    assert referred <= set(names)
    assert {source.day_field or names[0], source.id_field or names[0]} <= set(names)


@EVERY_SOURCE
def test_headers_are_told_apart(source: Source) -> None:
    for field in source.fields:
        folded = [fold_header(name) for name in (field.name, *field.aliases)]
        assert len(set(folded)) == len(folded), f"{field.name} says one alias twice"


@EVERY_SOURCE
def test_rows_can_be_told_apart(source: Source) -> None:
    if source.store == "lake":
        assert source.id_field
        assert source.repeats == "number"
        identity = [field for field in source.fields if field.identity]
        assert source.day_field in [field.name for field in identity]
        assert not {"sentiment", "reach", "engagements", "mentions", "campaign"} & (
            {field.name for field in identity} if source.name == "mentions" else set()
        )
    else:
        assert source.repeats in ("sum", "refuse")
        assert all(source.field(name).type in NUMBER_TYPES for name in source.sums)


def test_unknown_field() -> None:
    with pytest.raises(KeyError):
        SOURCES["spend"].field("nonsense")

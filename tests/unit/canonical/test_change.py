"""What a change must say, and that it survives the journey through JSON."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical.change import Change

NOON = datetime(2026, 3, 10, 12, tzinfo=timezone(timedelta(hours=1)))
words = st.text(st.characters(categories=["L", "N"]), min_size=1)


@given(
    words,
    words,
    words,
    st.lists(words).map(tuple),
    st.dictionaries(words, words),
    st.datetimes(timezones=st.just(NOON.tzinfo)),
)
def test_a_change_survives_the_journey_through_json(
    entity: str, record_id: str, version: str, fields: tuple[str, ...], hint: dict[str, str], at: datetime
) -> None:
    change = Change(
        source="salesforce",
        entity=entity,
        record_id=record_id,
        version=version,
        kind="updated",
        occurred_at=at,
        changed_fields=fields,
        hint=hint,
    )

    assert Change.model_validate_json(change.model_dump_json()) == change


def test_a_moment_without_a_zone_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="occurred_at"):
        Change(
            source="kashflow",
            entity="Invoice",
            record_id="7",
            version="a",
            occurred_at=NOON.replace(tzinfo=None),
        )


@pytest.mark.parametrize("field", ["entity", "record_id", "version"])
def test_what_identifies_a_change_may_not_be_blank(field: str) -> None:
    said = {"source": "kashflow", "entity": "Invoice", "record_id": "7", "version": "a", "occurred_at": NOON}

    with pytest.raises(ValidationError, match=field):
        Change.model_validate(said | {field: "  "})


def test_a_third_system_and_an_unknown_field_are_refused() -> None:
    said = {"entity": "Invoice", "record_id": "7", "version": "a", "occurred_at": NOON}

    with pytest.raises(ValidationError, match="source"):
        Change.model_validate(said | {"source": "xero"})
    with pytest.raises(ValidationError, match="payload"):
        Change.model_validate(said | {"source": "kashflow", "payload": {}})


def test_a_change_cannot_be_altered() -> None:
    change = Change(source="kashflow", entity="Invoice", record_id="7", version="a", occurred_at=NOON)

    with pytest.raises(ValidationError, match="frozen"):
        change.version = "b"  # type: ignore[misc]  # altering it is what the test tries

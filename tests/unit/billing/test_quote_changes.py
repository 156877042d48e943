"""What several events do to a quote's document is one change: the same as one after another."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.billing.projections.quotes.quotes import Change

names = st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3)
changes = st.builds(Change, st.sampled_from(["draft", "sent", "accepted"]), names, names)


def changed(document: dict[str, Any], change: Change) -> dict[str, Any]:
    """As PostgreSQL does it."""
    return {
        "status": change.status,
        "fields": document["fields"] | change.fields,
        "versions": document["versions"] | change.versions,
    }


@given(changes, changes, changes)
def test_two_changes_are_one(before: Change, first: Change, second: Change) -> None:
    document = changed({"fields": {}, "versions": {}}, before)
    assert changed(document, first.then(second)) == changed(changed(document, first), second)

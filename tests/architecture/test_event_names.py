"""A stored name is for ever: a service that cannot read it any more cannot read its own history."""

from __future__ import annotations

from tests.architecture.event_names import readable, written_down


def test_no_name_under_which_an_event_was_stored_has_vanished() -> None:
    now = readable()
    for service, categories in written_down().items():
        for category, names in categories.items():
            assert set(names) <= set(now[service][category]), f"{service}/{category}"


def test_every_name_is_written_down() -> None:
    assert readable() == written_down(), "new names: run `python -m tests.architecture.event_names`"

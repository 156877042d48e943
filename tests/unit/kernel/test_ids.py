"""Ids are time-ordered inside and say what they are at the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid5

import pytest
from pydantic import BaseModel, ValidationError

from shared.ids import new_id, prefixed, shown
from shared.messages import message_id

ID = UUID("0190b6a2-7c1e-7000-8000-000000000001")
NAMESPACE = UUID("6e5bd0c4-6d5a-5c0f-9e0b-0f1c5a2c7f10")


class Shelf(BaseModel):
    id: Annotated[UUID, prefixed("shf")]
    before: Annotated[UUID, prefixed("shf")] | None = None


def test_new_ids_are_in_the_order_they_were_made() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert {id_.version for id_ in ids} == {7}


def test_an_id_is_shown_with_its_prefix_and_read_with_or_without_it() -> None:
    text = shown("shf", ID)
    assert Shelf(id=ID).model_dump_json() == f'{{"id":"{text}","before":null}}'
    assert Shelf.model_validate({"id": text, "before": str(ID)}) == Shelf(id=ID, before=ID)


@pytest.mark.parametrize("wrong", [shown("inv", ID), "shf_", "shf_zz", "", 7, True])
def test_an_id_of_something_else_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Shelf.model_validate({"id": wrong})


def test_ids_of_messages_are_the_same_on_every_machine() -> None:
    """As the standard library hashes them, which others may do."""
    assert message_id("billing", ID, "invoice", ID, 3) == uuid5(NAMESPACE, f"billing/{ID}/invoice/{ID}/3")

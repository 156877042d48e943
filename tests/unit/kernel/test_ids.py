"""Ids are time-ordered inside and say what they are at the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from shared.ids import derived, new_id, prefixed, shown

ID = UUID("0190b6a2-7c1e-7000-8000-000000000001")


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


def test_derived_ids_are_the_same_on_every_machine() -> None:
    assert derived(ID, "invoice") == UUID("981b63b8-deb9-55d3-8547-7f398acdd0d4")

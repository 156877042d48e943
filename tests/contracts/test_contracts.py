"""What is published is a promise: fields are added, as optional, and nothing else ever changes."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import msgspec
import pytest

from shared.messages import Contract
from tests.contracts.promises import breaches, names, promised
from tests.contracts.samples import contracts, encoded, sample

PUBLISHED = contracts()


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.TYPE)
def test_a_promise_is_kept(contract: type[Contract]) -> None:
    promise = promised(contract.TYPE)
    assert promise is not None, "new message: run `python -m tests.contracts.promises`"
    assert breaches(contract, promise) == []
    assert encoded(contract) == promise, "new optional field: run `python -m tests.contracts.promises`"


def test_no_message_has_vanished() -> None:
    assert names() - {contract.TYPE for contract in PUBLISHED} == set()


def test_no_two_messages_share_a_name() -> None:
    assert len({contract.TYPE for contract in PUBLISHED}) == len(PUBLISHED)


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.TYPE)
def test_a_name_says_who_sends_it_and_in_which_version(contract: type[Contract]) -> None:
    producer, name, version = contract.TYPE.split(".")
    assert producer == contract.__module__.rpartition(".")[2].partition("_")[0]  # a long one has a file a topic
    assert contract.__name__.endswith(version.upper())
    assert name.islower()


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.TYPE)
def test_a_message_with_unknown_fields_is_accepted(contract: type[Contract]) -> None:
    told = json.dumps(with_unknown_fields(promised(contract.TYPE)))
    assert msgspec.json.decode(told, type=contract) == sample(contract)


def with_unknown_fields(value: Any) -> Any:
    match value:
        case {"key": _}:
            return value  # a mapping, whose keys are free
        case dict():
            return {name: with_unknown_fields(inner) for name, inner in value.items()} | {"not_yet_known": [1]}
        case list():
            return [with_unknown_fields(inner) for inner in value]
    return value


class BellRungV1(Contract, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "tower.bell_rung.v1"
    times: int
    by: str | None = None


@pytest.mark.parametrize(
    ("promise", "found"),
    [
        ({"times": 7, "by": "text"}, []),
        ({"times": 7}, []),
        ({"times": 7, "tower": "text"}, ["/tower vanished"]),
        ({"times": "7"}, ["what was sent before cannot be read any more: Expected `int`, got `str` - at `$.times`"]),
        ({"by": "text"}, ["what was sent before cannot be read any more: Object missing required field `times`"]),
    ],
)
def test_the_test_tells_what_breaks_a_promise(promise: dict[str, Any], found: list[str]) -> None:
    assert breaches(BellRungV1, promise) == found

"""A service knows every message of the topics it listens to: it answers it, or says that it passes it over."""

from __future__ import annotations

import importlib
from collections import defaultdict
from functools import cache

import pytest

from shared.messages import Contract
from tests.architecture.sources import SERVICES
from tests.contracts.samples import contracts, sample, sparse_sample


@cache
def sent() -> dict[str, set[str]]:
    """By topic, the types of what is sent there: what every stored event is translated to."""
    types: dict[str, set[str]] = defaultdict(set)
    for service in SERVICES:
        store = importlib.import_module(f"services.{service}.store")
        for decider in store.create_store().deciders.values():
            for kind in decider.event_types.values():
                told: list[Contract | None] = [store.OUTBOX.translate(made(kind)) for made in (sample, sparse_sample)]
                for contract in filter(None, told):
                    types[store.OUTBOX.topics[decider.category]].add(contract.TYPE)
    return types


def test_every_published_type_has_a_topic() -> None:
    assert {contract.TYPE for contract in contracts()} - set().union(*sent().values()) == set()


@pytest.mark.parametrize("service", SERVICES)
def test_every_message_of_a_services_topics_is_known_to_it(service: str) -> None:
    inbound = importlib.import_module(f"services.{service}.messaging.inbound")
    heard = set().union(*(sent()[topic] for topic in inbound.TOPICS))
    assert heard - set(inbound.HANDLERS) == set(), "handle them, or list them as passed over"
    assert set(inbound.HANDLERS) - heard == set(), "nobody sends these on a topic that it listens to"

"""What must hold at rest whatever happened on the way: within each service, and between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.billing.projections.books.books import CHECKS
from shared.ids import shown
from shared.rebuild import rebuild
from tests.simulation.room import Room
from tests.simulation.world import World


def broken(world: World) -> list[str]:
    """Each broken promise in a line; none is well."""
    told: list[str] = []
    for room in world.rooms.values():
        told += _parked(room)
        told += _read_models(room)
        told += _unheard(world, room)
    return [*told, *_billed(world), *_disagreements(world.rooms)]


def _parked(room: Room) -> Iterator[str]:
    for row in room.rows("SELECT type, reason FROM parked_messages ORDER BY source, stream_id, sequence"):
        yield f"{room.name} parked {row.type}: {row.reason}"


def _read_models(room: Room) -> Iterator[str]:
    for compared in rebuild(room.engine, room.store, room.wiring.READ_MODELS, keep=False):
        if not compared.is_equal:
            yield f"{room.name}.{compared.table} is not what the events make of it"


def _unheard(world: World, room: Room) -> Iterator[str]:
    """Every stream of a topic it listens to is applied up to its last message, and not beyond."""
    applied = {(row.source, row.stream_id): row.sequence for row in room.rows("SELECT * FROM inbox")}
    for producer in world.rooms.values():
        for row in producer.rows(_PUBLISHED):
            if producer.wiring.OUTBOX.topics.get(row.category) in room.inbound.TOPICS:
                heard = applied.pop((f"/{producer.name}/{row.category}", row.stream_id), 0)
                if heard != row.published:
                    yield f"{room.name} has {heard} of {row.published} messages of {row.category} {row.stream_id}"
    yield from (f"{room.name} has messages of {source} {stream} that nobody sent" for source, stream in applied)


_PUBLISHED = """
SELECT category, stream_id, max(public_sequence) AS published, count(public_sequence) AS messages FROM events
WHERE public_sequence IS NOT NULL GROUP BY 1, 2"""


def _billed(world: World) -> Iterator[str]:
    """The books agree, each invoice and each correction follows from the log, and documents are worth the corrections."""
    billing = world.rooms["billing"]
    yield from _gaps(billing)
    with billing.engine.connect() as tx:
        yield from (f"the books do not agree on {name}" for name, check in CHECKS.items() if check(tx))
    for row in billing.rows("SELECT invoice_id, number FROM invoices ORDER BY number"):
        verified = world.call("billing", "POST", f"/v1/invoices/{shown('inv', row.invoice_id)}/verify")
        yield from (f"{row.number} does not follow from the log: {found}" for found in verified["differences"])
    yield from (f"correction {row.correction_id} is worth {row.wanted}" for row in billing.rows(_UNANSWERED))


# Nothing is credited by a person here that late usage takes back: documents are worth what they answer.
_UNANSWERED = """
SELECT correction_id, correction->>'total_minor' AS wanted FROM open_corrections WHERE status <> 'ignored'
AND (correction->>'total_minor')::int <> (SELECT COALESCE(sum((document->>'total_minor')::int), 0)
                                          FROM jsonb_array_elements(correction->'documents') document)"""


def _gaps(billing: Room) -> Iterator[str]:
    for row in billing.rows(_NUMBERS):
        if row.last != row.taken:
            yield f"series {row.series} has {row.taken} numbers up to {row.last}"


_NUMBERS = """
SELECT c.series, c.last_number AS last, count(DISTINCT e.data->>'sequence') AS taken FROM number_counters c
JOIN events e ON e.type IN ('invoice_issued', 'credit_note_issued') AND e.data->>'series' = c.series GROUP BY 1, 2"""


def _disagreements(rooms: dict[str, Room]) -> Iterator[str]:
    """The same fact, asked of two services."""
    for subject, (one, query, other, same) in AGREEMENTS.items():
        said, heard = _facts(rooms[one], query), _facts(rooms[other], same)
        if said != heard:
            yield f"{one} and {other} do not agree on {subject}: {said ^ heard}"


def _facts(room: Room, query: str) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in room.rows(query)}


AGREEMENTS = {
    "customers": (
        "billing",
        "SELECT customer_id, key FROM customers",
        "entitlement",
        "SELECT customer_id, key FROM accounts",
    ),
    "customers, too": (
        "billing",
        "SELECT customer_id, key FROM customers",
        "renewals",
        "SELECT customer_id, key FROM customers",
    ),
    "terms": (
        "billing",
        "SELECT subscription_id, jsonb_array_length(subscription->'terms') FROM subscriptions",
        "entitlement",
        "SELECT subscription_id, (entitlement->'granted'->'window'->>'term_number')::int FROM entitlements",
    ),
    "renewals won": (
        "billing",
        """SELECT subscription_id, number FROM subscriptions
           CROSS JOIN generate_series(1, jsonb_array_length(subscription->'terms') - 1) number""",
        "renewals",
        "SELECT subscription_id, (opportunity->'term'->>'number')::int FROM opportunities WHERE state = 'won'",
    ),
    "who is suspended for debt": (
        "billing",
        "SELECT subscription_id FROM dunning WHERE step = 'suspended'",
        "entitlement",
        """SELECT e.subscription_id FROM holds h JOIN entitlements e USING (entitlement_id)
           WHERE h.kind = 'dunning' AND h.removed_at IS NULL""",
    ),
    "usage periods": (
        "billing",
        "SELECT period_id, status, revision FROM usage_periods",
        "usage",
        "SELECT period_id, status, revision FROM usage_periods",
    ),
}

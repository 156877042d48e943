"""Messages in: each applied once and in order, and one that fails holds up nobody but its own stream."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.event_store import StreamMoved
from shared.inbox import Inbox, Reads
from shared.messages import Message
from shared.orders import Order
from shared.parked import PARKED_MESSAGE, DecideParkedMessage, TooManyParked
from shared.parking import Parking
from shared.unit_of_work import UnitOfWork
from tests.support.tower.bell import BELL, BellRungV1, NoSuchBell, Ring
from tests.support.tower.echo import ECHO, Hear
from tests.support.tower.house import Tower
from tests.support.tower.letters import AT, POISON, hear, heard, inbox, letter


def test_a_repeated_message_is_skipped(tower: Tower, tenant: UUID, bell: UUID) -> None:
    listener = inbox(tower)
    assert listener.receive([letter(tenant, bell, 1), letter(tenant, bell, 2)]) == 2
    assert listener.receive([letter(tenant, bell, 1), letter(tenant, bell, 2), letter(tenant, bell, 2)]) == 0
    assert heard(tower, tenant, bell) == (1, 2)


def test_what_a_message_causes_took_effect_when_the_message_did(tower: Tower, tenant: UUID, bell: UUID) -> None:
    inbox(tower).receive([letter(tenant, bell, 1)])
    row = tower.rows("SELECT occurred_at, context FROM events WHERE stream_id = %(b)s", b=bell)[0]
    cause = {"principal": "echo", "correlation_id": "walk", "causation_id": str(letter(tenant, bell, 1).id)}
    assert (row.occurred_at, row.context) == (AT, cause)


def test_after_a_gap_a_message_waits_and_is_then_applied(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    listener = inbox(own_tower)
    listener.receive([letter(tenant, bell, 3), letter(tenant, bell, 2)])
    assert heard(own_tower, tenant, bell) == ()
    listener.receive([letter(tenant, bell, 1)])
    bring_back(own_tower, listener)
    assert heard(own_tower, tenant, bell) == (1, 2, 3)
    assert parked(own_tower, tenant) == []


def test_a_message_that_waited_and_then_came_again_is_applied_once(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    listener = inbox(own_tower)
    listener.receive([letter(tenant, bell, 2)])
    listener.receive([letter(tenant, bell, 1), letter(tenant, bell, 2)])
    bring_back(own_tower, listener)
    assert heard(own_tower, tenant, bell) == (1, 2)
    assert parked(own_tower, tenant) == []


def test_a_permanent_failure_is_parked_with_the_later_ones_of_its_stream(own_tower: Tower, tenant: UUID) -> None:
    ill, well = uuid4(), uuid4()
    listener = inbox(own_tower)
    poison = letter(tenant, ill, 2, times=POISON)
    applied = listener.receive([letter(tenant, ill, 1), poison, letter(tenant, ill, 3), letter(tenant, well, 1)])
    bring_back(own_tower, listener)
    assert applied == 2
    assert (heard(own_tower, tenant, ill), heard(own_tower, tenant, well)) == ((1,), (1,))
    reasons = [(row.sequence, row.reason.partition(":")[0], row.decision) for row in parked(own_tower, tenant)]
    assert reasons == [(2, "Poisoned", None), (3, "waits for sequence 2", "wait")]


@pytest.mark.parametrize(("decision", "outcome"), [("replay", (1, POISON, 3)), ("discard", (1, 3))])
def test_a_person_decides_about_a_parked_message(
    own_tower: Tower, tenant: UUID, bell: UUID, decision: Any, outcome: tuple[int, ...]
) -> None:
    poison = letter(tenant, bell, 2, times=POISON)
    inbox(own_tower).receive([letter(tenant, bell, 1), poison, letter(tenant, bell, 3)])
    command = DecideParkedMessage(decision=decision, reason="the bug is mended")
    own_tower.do(PARKED_MESSAGE, tenant, poison.id, command, context={"principal": "olga"})
    bring_back(own_tower, inbox(own_tower, {BellRungV1.TYPE: hear_anything}))
    assert heard(own_tower, tenant, bell) == outcome
    assert parked(own_tower, tenant) == []
    audit = own_tower.rows("SELECT data, context FROM events WHERE stream_id = %(id)s", id=poison.id)[0]
    assert audit.data == {"decision": decision, "reason": "the bug is mended"}
    assert audit.context == {"principal": "olga"}


def test_a_replay_that_fails_again_stays_parked(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    poison = letter(tenant, bell, 1, times=POISON)
    listener = inbox(own_tower)
    listener.receive([poison])
    own_tower.do(PARKED_MESSAGE, tenant, poison.id, DecideParkedMessage(decision="replay", reason="try"))
    bring_back(own_tower, listener)
    assert [(row.sequence, row.decision) for row in parked(own_tower, tenant)] == [(1, None)]


def test_what_is_not_found_yet_is_tried_again_by_itself(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    def hear_known(message: Message, unit: UnitOfWork) -> Iterator[Order]:
        row = {"bell": message.subject}
        if unit.tx.exec_driver_sql("SELECT 1 FROM bells WHERE bell_id = %(bell)s", row).first() is None:
            raise NoSuchBell("not cast yet")
        yield from hear(message)

    listener = inbox(own_tower, {BellRungV1.TYPE: Reads(hear_known)})
    listener.receive([letter(tenant, bell, 1), letter(tenant, bell, 2)])
    assert heard(own_tower, tenant, bell) == ()
    own_tower.do(BELL, tenant, bell, Ring())
    bring_back(own_tower, listener, later=timedelta(minutes=2))
    assert heard(own_tower, tenant, bell) == (1, 2)


def test_what_is_never_found_is_given_to_a_person_in_the_end(own_tower: Tower, tenant: UUID, bell: UUID) -> None:
    def hear_nothing(message: Message, unit: UnitOfWork) -> Iterator[Order]:
        raise NoSuchBell("never cast")

    listener = inbox(own_tower, {BellRungV1.TYPE: Reads(hear_nothing)})
    listener.receive([letter(tenant, bell, 1)])
    turns = bring_back(own_tower, listener, later=timedelta(days=1))
    assert turns < 30
    assert [row.decision for row in parked(own_tower, tenant)] == [None]


def test_what_may_go_well_another_time_is_tried_less_and_less_often_and_holds_up_nobody(
    own_tower: Tower, tenant: UUID
) -> None:
    moving, well = letter(tenant, uuid4(), 1, times=POISON), letter(tenant, uuid4(), 1, times=POISON)
    inbox(own_tower).receive([moving, well])
    for each in (moving, well):
        own_tower.do(PARKED_MESSAGE, tenant, each.id, DecideParkedMessage(decision="replay", reason="mended"))
    tried: list[datetime] = []

    def hear_moving(message: Message) -> Sequence[Order]:
        if message.id == moving.id:
            tried.append(now[0])
            raise StreamMoved("somebody else was faster")
        return hear_anything(message)

    now = [datetime.now(UTC) + timedelta(seconds=1)]
    parking = Parking(own_tower.worker, inbox(own_tower, {BellRungV1.TYPE: hear_moving}), lambda: now[0])
    for _ in range(300):
        parking.step()
        parking.step()
        now[0] += timedelta(seconds=1)
    assert heard(own_tower, tenant, well.subject) == (POISON,)
    pauses = [(after - before).total_seconds() for before, after in pairwise(tried)]
    assert pauses == sorted(pauses) and pauses[-1] == 60 and len(tried) < 30
    assert [row.decision for row in parked(own_tower, tenant)] == ["replay"]


def test_of_two_consumers_with_the_same_messages_one_applies_them(tower: Tower, tenant: UUID) -> None:
    bells = [uuid4() for _ in range(20)]
    batch, both = [letter(tenant, bell, n) for bell in bells for n in (1, 2, 3)], threading.Barrier(2)

    def hear_together(message: Message) -> Iterator[Order]:
        if message.subject == bells[0] and message.sequence == 1 and both.n_waiting < 2 and not both.broken:
            wait_once(both)
        yield from hear(message)

    def receive() -> None:
        inbox(tower, {BellRungV1.TYPE: hear_together}).receive(batch)

    with ThreadPoolExecutor(2) as threads:
        for receiving in [threads.submit(receive) for _ in range(2)]:
            receiving.result()
    assert {heard(tower, tenant, bell) for bell in bells} == {(1, 2, 3)}


def test_what_was_offered_with_the_offsets_is_one_transaction_with_them(tower: Tower, tenant: UUID, bell: UUID) -> None:
    def cannot_save(tx: Any) -> None:
        tx.exec_driver_sql("SELECT 1 / 0")

    with pytest.raises(Exception, match="division by zero"):
        inbox(tower).receive([letter(tenant, bell, 1)], cannot_save)
    inbox(tower).receive([letter(tenant, bell, 1), letter(tenant, bell, 2)])
    assert heard(tower, tenant, bell) == (1, 2)


def hear_anything(message: Message) -> Sequence[Order]:
    return [Order(ECHO, message.subject, Hear(times=message.read(BellRungV1).times))]


def wait_once(both: threading.Barrier) -> None:
    try:
        both.wait(2)
    except threading.BrokenBarrierError:
        return
    both.abort()


def bring_back(tower: Tower, listener: Inbox, later: timedelta = timedelta(seconds=1)) -> int:
    """Turns until nothing parked is due; time passes faster than in life."""
    began, turns = datetime.now(UTC), 0
    passing = (began + n * later for n in count(1))
    parking = Parking(tower.worker, listener, lambda: next(passing))
    while parking.step():
        turns += 1
        assert turns < 100, "it goes on for ever"
    return turns


def parked(tower: Tower, tenant: UUID) -> list[Any]:
    query = "SELECT sequence, reason, decision FROM parked_messages WHERE tenant_id = %(t)s ORDER BY sequence"
    return tower.rows(query, t=tenant)


def test_a_service_that_can_apply_too_little_stands_still_instead_of_putting_everything_aside(
    own_tower: Tower, tenant: UUID, bell: UUID
) -> None:
    listener = replace(inbox(own_tower), most_parked=2)
    poison = [letter(tenant, uuid4(), 1, times=POISON) for _ in range(3)]
    with pytest.raises(TooManyParked):
        listener.receive([*poison, letter(tenant, bell, 1)])
    assert (len(parked(own_tower, tenant)), heard(own_tower, tenant, bell)) == (2, ())
    own_tower.do(PARKED_MESSAGE, tenant, poison[0].id, DecideParkedMessage(decision="discard", reason="a bug"))
    bring_back(own_tower, listener)
    listener.receive([*poison, letter(tenant, bell, 1)])
    assert (len(parked(own_tower, tenant)), heard(own_tower, tenant, bell)) == (2, (1,))

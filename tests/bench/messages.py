"""From one service's outbox through the broker into another's events: relay, consumer and inbox at the same time."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from shared import consumer, kafka
from shared.clock import real_now
from shared.consumer import Consumer
from shared.event_store import Stream, StreamKey
from shared.inbox import Inbox
from shared.kafka import Publisher
from shared.messages import Message
from shared.orders import Order
from shared.outbox import Relay
from tests.bench.appends import cause_of
from tests.support.tower.bell import BellRung, BellRungV1
from tests.support.tower.echo import ECHO, Hear
from tests.support.tower.house import Tower

STREAMS, EVENTS_EACH = 2000, 5

_fork = multiprocessing.get_context("fork")


def messages_per_second(tower: Tower) -> float:
    """10,000 messages, from the first that is sent to the last that is applied; each appends one event.

    Two processes, as in production: the worker of one service sends, that of another one listens.
    """
    waiting, go = STREAMS * EVENTS_EACH, _fork.Event()
    sender = _fork.Process(target=_send, args=(tower, waiting, go))
    sender.start()  # before there is a connection that it would inherit
    listener = _listener(tower)
    while not listener.is_assigned():
        listener.step()
    _ring(tower)
    began = time.perf_counter()
    go.set()
    _until(listener.step, waiting)
    seconds = time.perf_counter() - began
    sender.join()
    listener.close()
    tower.close()
    return waiting / seconds


def _send(tower: Tower, waiting: int, go: Any) -> None:
    publisher = Publisher(tower.settings("worker"))
    relay = Relay(tower.worker, publisher.send, "tower")
    relay.step()
    go.wait(60)
    _until(relay.step, waiting)
    publisher.close()
    tower.close()


def heard(message: Message) -> Iterator[Order]:
    yield Order(ECHO, message.subject, Hear(times=message.read(BellRungV1).times))


def _listener(tower: Tower) -> Consumer:
    inbox = Inbox(tower.worker, tower.store, {BellRungV1.TYPE: heard}, "echo", real_now)
    settings = tower.settings("worker")
    cluster, group = kafka.cluster_id(settings), f"bench.{uuid4().hex}"
    return Consumer(settings, "echo", group, [tower.topic], tower.worker, cluster, consumer.into(inbox), 50)


def _ring(tower: Tower) -> None:
    tenant, events = uuid4(), [BellRung(times=1)] * EVENTS_EACH
    keys = [StreamKey(tenant, "bell", uuid4()) for _ in range(STREAMS)]
    cause = cause_of(tenant)
    with tower.worker.begin() as tx:
        recorded = [entry for key in keys for entry in tower.store.numbered(key, Stream(None), events, cause)]
        tower.store.append_many(tx, recorded)


def _until(step: Callable[[], int], wanted: int) -> None:
    done = 0
    while done < wanted:
        done += step()

"""Billing over HTTP: quotes accepted and subscriptions made of them, invoices read one by one, in pages, and verified."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID, uuid4

import msgspec

from services.billing.api.quotes.quote_token import hashed, new_token
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.commands import DraftQuote, SendQuote, SubmitQuote
from services.billing.messaging.inbound import HANDLERS
from services.billing.projections.quotes import quote_tokens
from shared.clock import real_now
from shared.ids import shown
from shared.inbox import Inbox
from shared.messages import decode
from tests.bench.billing.seller import A_TRANSACTION, Seller, line, party
from tests.bench.billing.stand import Stand
from tests.bench.usage.load import Load, send

CONNECTIONS, OF_PAGES = 16, 4
WARM_SECONDS, WARM_QUOTES = 1.0, 64


@dataclass
class Row:
    """Of each repeat: answers a second, and the slowest in a hundred."""

    wall: list[float] = field(default_factory=list)
    p99_milliseconds: list[float] = field(default_factory=list)

    def note(self, load: Load, seconds: float) -> None:
        self.wall.append(len(load.took) / seconds)
        self.p99_milliseconds.append(statistics.quantiles(load.took, n=100)[98] * 1000)


def accepted(stand: Stand, quotes: int, repeats: int) -> tuple[Row, list[float]]:
    """Quotes that their customers accept with 16 connections, and how many subscriptions a second a worker makes of them."""
    row, made, seller = Row(), [], stand.seller()
    with stand.api() as port:
        _accept(port, offered(seller, WARM_QUOTES))
        _made(seller)
        for _ in range(repeats):
            tokens = offered(seller, quotes)
            row.note(*_accept(port, tokens))
            made.append(_made(seller))
    seller.close()
    return row, made


def offered(seller: Seller, number: int) -> list[str]:
    """The tokens of so many quotes that were sent."""
    tokens = []
    for start in range(0, number, A_TRANSACTION):
        with seller.unit(real_now()) as unit:
            for n in range(start, min(number, start + A_TRANSACTION)):
                id_, token = uuid4(), new_token(seller.tenant_id)
                draft = DraftQuote(quote_id=id_, purpose="new", party=party(n), lines=(line(),), requested_by="bench")
                for command in (draft, SubmitQuote(by="bench"), SendQuote(at=unit.now)):
                    unit.execute(QUOTE, id_, command)
                tokens.append((token, id_))
            for token, id_ in tokens[start:]:
                quote_tokens.put(unit, hashed(token), id_, 1)
    return [token for token, _ in tokens]


def _accept(port: int, tokens: list[str]) -> tuple[Load, float]:
    began = time.perf_counter()
    load = send(port, partial(_acceptances, tokens), connections=CONNECTIONS, seconds=600)
    assert len(load.took) == len(tokens)
    return load, time.perf_counter() - began


def _acceptances(tokens: list[str], number: int) -> Iterator[bytes]:
    for token in tokens[number::CONNECTIONS]:
        body = msgspec.json.encode({"token": token, "name": "Ann Buyer"})
        yield _request("POST", "/v1/quote-acceptances", f"Idempotency-Key: {uuid4().hex}\r\n", body)


def _made(seller: Seller) -> float:
    """Subscriptions a second from the messages of accepted quotes, as a worker that polled them would take them."""
    with seller.engine.begin() as tx:
        rows = tx.exec_driver_sql(_TAKEN, {"tenant": seller.tenant_id}).scalars()
        messages = sorted((decode(row.encode()) for row in rows), key=lambda message: message.sequence)
    inbox = Inbox(seller.engine, seller.store, HANDLERS, "billing", real_now)
    accepted = sum(message.type.startswith("billing.quote_accepted") for message in messages)
    began = time.perf_counter()
    for start in range(0, len(messages), A_TRANSACTION):
        inbox.receive(messages[start : start + A_TRANSACTION])
    return accepted / (time.perf_counter() - began)


def read(stand: Stand, seller: Seller, repeats: int, seconds: float) -> tuple[Row, Row]:
    """Single invoices with 16 connections, and pages of a hundred with 4."""
    ids = invoices(seller)
    with stand.api() as port:
        single = _repeated(port, partial(_reads, stand.token, ids), CONNECTIONS, repeats, seconds)
        return single, _repeated(port, partial(_pages, stand.token), OF_PAGES, repeats, seconds)


def verified(stand: Stand, seller: Seller, repeats: int, seconds: float) -> Row:
    """Invoices made again from the log, one connection."""
    with stand.api() as port:
        return _repeated(port, partial(_verifications, stand.token, invoices(seller)), 1, repeats, seconds)


def _repeated(
    port: int, asked: Callable[[int], Iterator[bytes]], connections: int, repeats: int, seconds: float
) -> Row:
    row = Row()
    send(port, asked, connections=connections, seconds=WARM_SECONDS)
    for _ in range(repeats):
        began = time.perf_counter()
        load = send(port, asked, connections=connections, seconds=seconds)
        row.note(load, time.perf_counter() - began)
    return row


def invoices(seller: Seller) -> list[UUID]:
    with seller.engine.connect() as tx:
        found = tx.exec_driver_sql(
            "SELECT invoice_id FROM invoices WHERE tenant_id = %(tenant)s", {"tenant": seller.tenant_id}
        )
        return list(found.scalars())


def _reads(token: str, ids: list[UUID], number: int) -> Iterator[bytes]:
    while True:
        for id_ in ids[number:] + ids[:number]:
            yield _request("GET", f"/v1/invoices/{shown('inv', id_)}", _bearer(token))


def _pages(token: str, number: int) -> Iterator[bytes]:
    while True:
        yield _request("GET", "/v1/invoices?limit=100", _bearer(token))


def _verifications(token: str, ids: list[UUID], number: int) -> Iterator[bytes]:
    while True:
        for id_ in ids:
            head = f"{_bearer(token)}Idempotency-Key: {uuid4().hex}\r\n"
            yield _request("POST", f"/v1/invoices/{shown('inv', id_)}/verify", head)


def _bearer(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n"


def _request(method: str, path: str, head: str, body: bytes = b"") -> bytes:
    content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}{content}\r\n".encode() + body


_TAKEN = "DELETE FROM outbox WHERE tenant_id = %(tenant)s AND topic = 'billing.quotes' RETURNING message"

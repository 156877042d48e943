"""The bound of the HTTP rows: a bare ASGI callable that parses, packs a record for the whole request, and sends it."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import uvicorn

from services.usage.domain.envelope import Envelope
from services.usage.messaging.ingest_log import TOPIC
from services.usage.messaging.ingest_record import MOST_BYTES
from shared.kafka import Publisher
from shared.settings import Settings
from tests.bench.usage.events import BATCH

GATHER_SECONDS, GOES_AT_ONCE = 0.002, 8

_batch, _event = msgspec.json.Decoder(list[Envelope]), msgspec.json.Decoder(Envelope)
_encode = msgspec.json.Encoder().encode


class Bare:
    """No token, no limit, no rule, no partition by subject: decode, encode, send, wait for the acknowledgement."""

    def __init__(self) -> None:
        self.publisher = Publisher(Settings())
        self.threads = ThreadPoolExecutor(GOES_AT_ONCE)
        self.records: list[bytes] = []
        self.sent: asyncio.Future[None] | None = None
        self.number = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        is_batch = (b"content-type", BATCH.encode()) in scope["headers"]
        self.records.append(_encode(_batch.decode(body) if is_batch else [_event.decode(body)]))
        await self._go()
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    def _go(self) -> asyncio.Future[None]:
        if self.sent is None:
            loop = asyncio.get_running_loop()
            self.sent = loop.create_future()
            loop.call_later(GATHER_SECONDS, self._send, loop, self.sent)
        return self.sent

    def _send(self, loop: asyncio.AbstractEventLoop, sent: asyncio.Future[None]) -> None:
        records, self.records, self.sent = self.records, [], None
        self.number += 1
        together = [b"\n".join(records)] if sum(map(len, records)) < MOST_BYTES else records
        values = [((self.number + n) % 4, value) for n, value in enumerate(together)]
        going = loop.run_in_executor(self.threads, self.publisher.send_to, TOPIC, values)
        going.add_done_callback(
            lambda done: sent.set_exception(e) if (e := done.exception()) else sent.set_result(None)
        )


async def _app(scope: Any, receive: Any, send: Any) -> None:
    await _bare(scope, receive, send)


if __name__ == "__main__":
    _bare = Bare()
    uvicorn.run(_app, port=int(os.environ["PORT"]), lifespan="off", log_level="error", access_log=False)

"""Passes everything on between a client and a server, and now and then loses an answer with its connection."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from random import Random

LARGEST_CHUNK = 1 << 16


@dataclass
class Proxy:
    """Listens on a loopback port of its own. `loss` is the share of answers that are lost; it may change at any time."""

    upstream: tuple[str, int]
    random: Random
    loss: float = 0.0
    lost: int = 0
    port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _listening: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Returns when it listens."""
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()], daemon=True)
        self._thread.start()
        assert self._listening.wait(5), "the proxy does not listen"

    def stop(self) -> None:
        """Ends every connection."""
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(5)
        self._loop.close()

    async def _serve(self) -> None:
        self._done = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._done.wait()
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        try:
            await self._pass_on(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._connections.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self.upstream)
        ways = [asyncio.create_task(_pump(reader, back)), asyncio.create_task(self._answer(there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            back.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(LARGEST_CHUNK):
            if self.random.random() < self.loss:
                self.lost += 1
                return
            writer.write(chunk)
            await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(LARGEST_CHUNK):
        writer.write(chunk)
        with contextlib.suppress(ConnectionError):
            await writer.drain()

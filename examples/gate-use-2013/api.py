"""The four services as the driver sees them: HTTP clients with a token, nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import stamina

Json = dict[str, Any]


class Away(Exception):
    """A service, or a server behind it, is not there now."""


def answered(request: Callable[[], httpx.Response]) -> httpx.Response:
    """The answer to a request that may be repeated; a refusal stops the run with what was refused."""
    for attempt in stamina.retry_context(on=(httpx.TransportError, Away), attempts=None, timeout=60, wait_max=1):
        with attempt:
            response = request()
            if response.status_code == 503 or response.json().get("title") == "request_in_flight":
                raise Away(response.text)
    if not response.is_success:
        raise SystemExit(f"{response.request.method} {response.url}: {response.status_code} {response.text}")
    return response


@dataclass(frozen=True)
class Services:
    """`call("billing", "POST", "/v1/quotes", {...})` gives the answer's JSON, or stops the run with what was refused."""

    clients: dict[str, httpx.Client]

    @classmethod
    def of(cls, stack: Path, tenant: str) -> Services:
        """Addresses from the file that `quittance status --json` prints, and a token of our tenant."""
        command = [sys.executable, "-m", "infra.local.cli", "token", "--tenant", tenant]
        token = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        headers = {"Authorization": f"Bearer {token}"}
        urls = {name: service["url"] for name, service in json.loads(stack.read_text())["services"].items()}
        return cls({name: httpx.Client(base_url=url, headers=headers, timeout=60) for name, url in urls.items()})

    def call(self, service: str, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """Repeats with the same Idempotency-Key while the service is away: whatever happened, it happened once."""
        headers = {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
        wanted = {name: value for name, value in params.items() if value is not None}
        client = self.clients[service]
        return answered(lambda: client.request(method, path, json=body, params=wanted, headers=headers)).json()

    def pages(self, service: str, path: str, **params: Any) -> Iterator[Json]:
        """All items of a list, page after page."""
        cursor = None
        while True:
            page = self.call(service, "GET", path, cursor=cursor, limit=500, **params)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

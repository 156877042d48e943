"""A POST that commands may be repeated: the same Idempotency-Key gets the same answer, applied once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Response
from sqlalchemy import Connection

from shared.http.access import Opening
from shared.http.problems import RETRY_SOON, Problem
from shared.statements import Insertion, run, write_rows


@dataclass(frozen=True, slots=True)
class Keyed:
    """The key that a client gave a request, and a hash of what it was."""

    key: str
    request_hash: bytes

    @classmethod
    def of(cls, key: str, method: str, path: str, body: bytes) -> Keyed:
        if not 0 < len(key) <= 255:
            detail = "send an Idempotency-Key of 1 to 255 characters: the same one when you repeat the request"
            raise Problem(400, "idempotency_key_required", detail)
        return cls(key, hashlib.sha256(b"\n".join([method.encode(), path.encode(), body])).digest())


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a keyed request. The answer is stored in the command's own transaction; a refusal is not stored."""

    tx: Connection
    tenant_id: UUID
    keyed: Keyed

    @classmethod
    def of(cls, opening: Opening, tx: Connection) -> Attempt | None:
        request = opening.request
        if not opening.writes or request.method != "POST":
            return None
        key = request.headers.get("idempotency-key", "")
        return cls(tx, opening.caller.tenant_id, Keyed.of(key, request.method, request.url.path, request.scope["body"]))

    def answered(self) -> Response | None:
        """The stored answer, if there is one. Raises a 409 while the first try is still running."""
        named = {"tenant": self.tenant_id, "key": self.keyed.key}
        if run(self.tx, _CLAIM, named).fetchone() != (True,):
            raise Problem(409, "request_in_flight", "the first request with this key has not finished", RETRY_SOON)
        stored = run(self.tx, _STORED, named).fetchone()
        if stored is None:
            return None
        request_hash, status, told, body = stored
        if bytes(request_hash) != self.keyed.request_hash:
            raise Problem(422, "idempotency_key_reused", "this Idempotency-Key came with another request before")
        headers = told | {"Idempotency-Replayed": "true"}
        return Response(bytes(body), status, headers, media_type="application/json")

    def remember(self, response: Response, at: datetime) -> None:
        remember(self.tx, self.tenant_id, [(self.keyed, response)], at)


def claimed(tx: Connection, tenant_id: UUID, keys: Sequence[str]) -> set[str]:
    """Those of these keys that nobody is using and nobody has used; they are ours as long as the transaction lasts. Where a
    key was used in this very moment, the transaction is lost when the answer is stored."""
    return {key for (key,) in run(tx, _CLAIM_UNUSED, {"tenant": tenant_id, "keys": list(keys)})}


def remember(tx: Connection, tenant_id: UUID, answers: Iterable[tuple[Keyed, Response]], at: datetime) -> None:
    """One statement for any number of answers."""
    write_rows(tx, _ANSWERS, [_row(tenant_id, keyed, response, at) for keyed, response in answers])


def _row(tenant_id: UUID, keyed: Keyed, response: Response, at: datetime) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "key": keyed.key,
        "request_hash": _hexadecimal(keyed.request_hash),
        "status": response.status_code,
        "headers": {"ETag": response.headers["etag"]} if "etag" in response.headers else {},
        "body": _hexadecimal(bytes(response.body)),
        "answered_at": at,
    }


def _hexadecimal(content: bytes) -> str:
    """As PostgreSQL reads bytes from text, also inside a JSON document."""
    return f"\\x{content.hex()}"


_CLAIM = "SELECT pg_try_advisory_xact_lock(hashtextextended(%(tenant)s::text || %(key)s, 11))"

_STORED = """
SELECT request_hash, status, headers, body FROM idempotency_keys WHERE tenant_id = %(tenant)s AND key = %(key)s"""

_CLAIM_UNUSED = """
SELECT key FROM unnest(%(keys)s::text[]) AS wanted(key)
WHERE pg_try_advisory_xact_lock(hashtextextended(%(tenant)s::text || key, 11))
  AND NOT EXISTS (SELECT FROM idempotency_keys i WHERE i.tenant_id = %(tenant)s AND i.key = wanted.key)"""

_ANSWERS = Insertion(
    "idempotency_keys",
    {
        "tenant_id": "uuid",
        "key": "text",
        "request_hash": "bytea",
        "status": "int",
        "headers": "jsonb",
        "body": "bytea",
        "answered_at": "timestamptz",
    },
)

"""A POST that commands may be repeated: the same Idempotency-Key gets the same answer, applied once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from fastapi import Response
from sqlalchemy import Connection

from shared.http.access import Opening
from shared.http.problems import Problem
from shared.statements import run, write


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a keyed request. The answer is stored in the command's own transaction; a refusal is not stored."""

    tx: Connection
    tenant_id: UUID
    key: str
    request_hash: bytes

    @classmethod
    def of(cls, opening: Opening, tx: Connection) -> Attempt | None:
        request = opening.request
        if not opening.writes or request.method != "POST":
            return None
        key = request.headers.get("idempotency-key", "")
        if not 0 < len(key) <= 255:
            detail = "send an Idempotency-Key of 1 to 255 characters: the same one when you repeat the request"
            raise Problem(400, "idempotency_key_required", detail)
        what = b"\n".join([request.method.encode(), request.url.path.encode(), request.scope["body"]])
        return cls(tx, opening.caller.tenant_id, key, hashlib.sha256(what).digest())

    def answered(self) -> Response | None:
        """The stored answer, if there is one. Raises a 409 while the first try is still running."""
        named = {"tenant": self.tenant_id, "key": self.key}
        if run(self.tx, _CLAIM, named).fetchone() != (True,):
            raise Problem(
                409, "request_in_flight", "the first request with this key has not finished", {"Retry-After": "1"}
            )
        stored = run(self.tx, _STORED, named).fetchone()
        if stored is None:
            return None
        request_hash, status, told, body = stored
        if bytes(request_hash) != self.request_hash:
            raise Problem(422, "idempotency_key_reused", "this Idempotency-Key came with another request before")
        headers = told | {"Idempotency-Replayed": "true"}
        return Response(bytes(body), status, headers, media_type="application/json")

    def remember(self, response: Response, at: datetime) -> None:
        headers = {"ETag": response.headers["etag"]} if "etag" in response.headers else {}
        values = {
            "tenant": self.tenant_id,
            "key": self.key,
            "hash": self.request_hash,
            "status": response.status_code,
            "headers": msgspec.json.encode(headers).decode(),
            "body": bytes(response.body),
            "at": at,
        }
        write(self.tx, _REMEMBER, values)


_CLAIM = "SELECT pg_try_advisory_xact_lock(hashtextextended(%(tenant)s::text || %(key)s, 11))"

_STORED = """
SELECT request_hash, status, headers, body FROM idempotency_keys WHERE tenant_id = %(tenant)s AND key = %(key)s"""

_REMEMBER = """
INSERT INTO idempotency_keys (tenant_id, key, request_hash, status, headers, body, answered_at)
VALUES (%(tenant)s, %(key)s, %(hash)s, %(status)s, %(headers)s::jsonb, %(body)s, %(at)s)"""

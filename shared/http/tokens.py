"""Who is calling: OAuth2 bearer tokens (JWT) with tenant and scopes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

import jwt

from shared.http.problems import RETRY_SOON, Problem
from shared.http.signing_keys import SigningKeys, signing_keys
from shared.settings import Settings

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
LEEWAY_SECONDS = 30
LONGEST_KNOWN = 8192


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks (`sub` of the token), for which tenant, and what they may do there."""

    tenant_id: UUID
    principal: str
    scopes: frozenset[str]


class NotAuthenticated(Problem):
    def __init__(self, detail: str):
        super().__init__(401, "not_authenticated", detail, {"WWW-Authenticate": "Bearer"})


class IssuerAway(Problem):
    """Whether the token is valid is not known, so it is neither believed nor refused."""

    def __init__(self) -> None:
        super().__init__(503, "issuer_unavailable", "the issuer of tokens is away: try again", RETRY_SOON)


class ScopeMissing(Problem):
    def __init__(self, scope: str):
        super().__init__(403, "scope_missing", f"the token needs the scope {scope}")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a token said, and the key that proved it: the issuer's keys are asked every time, the proof is not repeated."""

    caller: Caller
    key_id: str
    key: jwt.PyJWK
    expires_at: int


@dataclass(frozen=True)
class Tokens:
    """A signature is checked once for as long as the token lives and the issuer has the very key: a proof costs as much
    as all else that a small request does."""

    settings: Settings
    now: Callable[[], float] = time.time
    most_known: int = 10_000
    _known: OrderedDict[str, _Known] = field(default_factory=OrderedDict)

    @cached_property
    def _keys(self) -> SigningKeys:
        return signing_keys(self.settings.auth_jwks_url)

    async def caller(self, authorization: str | None) -> Caller:
        """The caller of an Authorization header. Raises NotAuthenticated for whatever is not a valid token of ours."""
        authorization = authorization or ""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated("a bearer token is needed")
        try:
            return await self._remembered(authorization) or await self._prove(authorization, token)
        except jwt.PyJWKClientConnectionError as error:
            raise IssuerAway from error
        except (jwt.PyJWTError, ValueError, KeyError, ArithmeticError) as error:
            raise NotAuthenticated(f"the token is not valid: {type(error).__name__}") from error

    def known(self, authorization: str) -> Caller | None:
        """The caller of a header that was proved before. None where there is anything to find out: then ask `caller`."""
        known = self._known.get(authorization)
        if known is None or known.expires_at <= self.now() - LEEWAY_SECONDS:
            return None
        return known.caller if self._keys.fresh(known.key_id) is known.key else None

    async def _remembered(self, authorization: str) -> Caller | None:
        """None for what has to be proved, again or for the first time: also where the key was withdrawn or replaced."""
        known = self._known.get(authorization)
        if known is None:
            return None
        if known.expires_at > self.now() - LEEWAY_SECONDS and await self._keys.of(known.key_id) is known.key:
            return known.caller
        self._known.pop(authorization, None)
        return None

    async def _prove(self, authorization: str, token: str) -> Caller:
        head = jwt.get_unverified_header(token)
        if head.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError("algorithm")
        key = await self._keys.of(head["kid"])
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            issuer=self.settings.auth_issuer,
            audience=self.settings.auth_audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        caller = _caller(claims)
        self._remember(authorization, _Known(caller, head["kid"], key, int(claims["exp"])))
        return caller

    def _remember(self, authorization: str, known: _Known) -> None:
        if len(authorization) <= LONGEST_KNOWN:
            self._known[authorization] = known
        while len(self._known) > self.most_known:
            self._known.popitem(last=False)


def _caller(claims: dict[str, Any]) -> Caller:
    """`sub` is written beside everything the caller does, so it has to be storable, and short."""
    subject, scope = str(claims["sub"]), claims.get("scope", "")
    if not 0 < len(subject) <= 255 or not subject.isprintable():
        raise ValueError("sub")
    return Caller(UUID(str(claims["tenant_id"])), subject, frozenset(scope.split() if isinstance(scope, str) else ()))

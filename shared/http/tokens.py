"""Who is calling: OAuth2 bearer tokens (JWT) with tenant and scopes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import jwt

from shared.http.problems import Problem
from shared.http.signing_keys import SigningKeys, signing_keys
from shared.settings import Settings

ALGORITHMS = ["RS256", "ES256", "EdDSA"]


@dataclass(frozen=True, slots=True)
class Caller:
    tenant_id: UUID
    principal: str
    scopes: frozenset[str]


class NotAuthenticated(Problem):
    def __init__(self, detail: str):
        super().__init__(401, "not_authenticated", detail, {"WWW-Authenticate": "Bearer"})


class IssuerAway(Problem):
    """Whether the token is valid is not known, so it is neither believed nor refused."""

    def __init__(self) -> None:
        super().__init__(503, "issuer_unavailable", "the issuer of tokens is away: try again", {"Retry-After": "1"})


class ScopeMissing(Problem):
    def __init__(self, scope: str):
        super().__init__(403, "scope_missing", f"the token needs the scope {scope}")


@dataclass(frozen=True)
class Tokens:
    settings: Settings

    @cached_property
    def _keys(self) -> SigningKeys:
        return signing_keys(self.settings.auth_jwks_url)

    async def caller(self, authorization: str | None) -> Caller:
        """The caller of an Authorization header. Raises NotAuthenticated for whatever is not a valid token of ours."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated("a bearer token is needed")
        try:
            return _caller(await self._verified(token))
        except jwt.PyJWKClientConnectionError as error:
            raise IssuerAway from error
        except (jwt.PyJWTError, ValueError, KeyError, ArithmeticError) as error:
            raise NotAuthenticated(f"the token is not valid: {type(error).__name__}") from error

    async def _verified(self, token: str) -> dict[str, object]:
        head = jwt.get_unverified_header(token)
        if head.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError("algorithm")
        claims: dict[str, object] = jwt.decode(
            token,
            await self._keys.of(head["kid"]),
            algorithms=ALGORITHMS,
            issuer=self.settings.auth_issuer,
            audience=self.settings.auth_audience,
            leeway=30,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        return claims


def _caller(claims: dict[str, object]) -> Caller:
    """`sub` is written beside everything the caller does, so it has to be storable, and short."""
    subject, scope = str(claims["sub"]), claims.get("scope", "")
    if not 0 < len(subject) <= 255 or not subject.isprintable():
        raise ValueError("sub")
    return Caller(UUID(str(claims["tenant_id"])), subject, frozenset(scope.split() if isinstance(scope, str) else ()))

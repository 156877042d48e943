"""A token is proved once, and believed for as long as it lives and its issuer has the key that proved it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from infra.local.tokens import AUDIENCE, ISSUER
from shared.http.signing_keys import FRESH_SECONDS, KeysOfIssuer
from shared.http.tokens import LEEWAY_SECONDS, LONGEST_KNOWN, Caller, NotAuthenticated, Tokens
from shared.settings import Settings

NOW = int(time.time())


@dataclass
class Issuer:
    """Its keys are fetched; time passes for keys and tokens alike."""

    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    keys: Mapping[str, jwt.PyJWK] = field(default_factory=dict)
    passed: float = 0

    def __post_init__(self) -> None:
        self.publish()
        settings = Settings(
            database_url="", kafka_bootstrap_servers="", auth_issuer=ISSUER, auth_jwks_url=Path("/nowhere").as_uri()
        )
        self.tokens = Tokens(settings, lambda: NOW + self.passed, most_known=3)
        self.tokens.__dict__["_keys"] = KeysOfIssuer(lambda: dict(self.keys), lambda: self.passed)

    def publish(self) -> None:
        public = OKPAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        self.keys = {"one": jwt.PyJWK(public | {"kid": "one", "alg": "EdDSA"})}

    def token(self, **changed: Any) -> str:
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": NOW, "exp": NOW + 7200}
        claims |= {"tenant_id": str(uuid4()), "scope": "usage:ingest"} | changed
        return jwt.encode(claims, self.private, "EdDSA", headers={"kid": "one"})

    def caller(self, token: str) -> Caller:
        return anyio.run(self.tokens.caller, f"Bearer {token}")

    @property
    def known(self) -> list[str]:
        return [header.removeprefix("Bearer ") for header in self.tokens._known]


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def test_a_token_is_proved_once(issuer):
    token = issuer.token()
    first = issuer.caller(token)
    assert issuer.caller(token) is first


def test_a_known_token_ends_when_it_expires(issuer):
    token = issuer.token(exp=NOW + 3600)
    issuer.caller(token)
    issuer.passed = 3600 + LEEWAY_SECONDS - 1
    assert issuer.caller(token).principal == "ann"
    issuer.passed = 3600 + LEEWAY_SECONDS
    assert issuer.tokens.known(f"Bearer {token}") is None
    assert anyio.run(issuer.tokens._remembered, f"Bearer {token}") is None


def test_who_was_proved_is_known_without_asking_anybody(issuer):
    header = f"Bearer {issuer.token()}"
    assert issuer.tokens.known(header) is None
    caller = anyio.run(issuer.tokens.caller, header)
    assert issuer.tokens.known(header) is caller
    issuer.passed = FRESH_SECONDS
    assert issuer.tokens.known(header) is None, "the issuer has to be asked whether it still has that key"
    anyio.run(issuer.tokens.caller, header)
    assert issuer.tokens.known(header) == caller


def test_a_known_token_ends_with_the_key_that_proved_it(issuer):
    token = issuer.token()
    issuer.caller(token)
    issuer.keys = {}
    issuer.passed = FRESH_SECONDS
    with pytest.raises(NotAuthenticated):
        issuer.caller(token)


def test_another_key_of_the_same_name_proves_nothing(issuer):
    token = issuer.token()
    issuer.caller(token)
    issuer.private = Ed25519PrivateKey.generate()
    issuer.publish()
    issuer.passed = FRESH_SECONDS
    with pytest.raises(NotAuthenticated):
        issuer.caller(token)


def test_the_same_key_fetched_again_still_proves_it(issuer):
    token = issuer.token()
    issuer.caller(token)
    issuer.publish()
    issuer.passed = FRESH_SECONDS
    assert issuer.caller(token).principal == "ann"


def test_a_token_that_was_refused_is_not_remembered(issuer):
    for token in (issuer.token(exp=NOW - 600), issuer.token(aud="others"), issuer.token(tenant_id="acme"), "a.b.c"):
        with pytest.raises(NotAuthenticated):
            issuer.caller(token)
    assert issuer.known == []


def test_only_so_many_tokens_are_remembered_and_none_that_is_huge(issuer):
    tokens = [issuer.token(sub=name) for name in ("ann", "bob", "cyd", "dot")]
    for token in [*tokens, issuer.token(more="x" * LONGEST_KNOWN)]:
        issuer.caller(token)
    assert issuer.known == tokens[1:]

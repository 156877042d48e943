"""Who has no valid token of ours stays outside, and nobody does what their token does not name."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient

from infra.local.tokens import AUDIENCE, ISSUER, KEY_ID, DevelopmentIssuer
from tests.integration.kernel.conftest import Door
from tests.support.tower.api import create_app
from tests.support.tower.house import Tower

Forge = Callable[[DevelopmentIssuer], str]


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    plain = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": now, "exp": now + 600}
    stated = plain | {"tenant_id": str(uuid4()), "scope": "tower:read"} | changed
    return {name: value for name, value in stated.items() if value is not None}


def signed(**changed: Any) -> Forge:
    return lambda issuer: jwt.encode(claims(**changed), private(issuer), "EdDSA", headers={"kid": KEY_ID})


def of_key(kid: str | None) -> Forge:
    headers = {"kid": kid} if kid else None
    return lambda issuer: jwt.encode(claims(), private(issuer), "EdDSA", headers=headers)


def unsigned(issuer: DevelopmentIssuer) -> str:
    return jwt.encode(claims(), "", "none", headers={"kid": KEY_ID})


def signed_with_the_public_key(issuer: DevelopmentIssuer) -> str:
    """The classic: HS256 with what everybody may know as its secret."""
    public = base64.urlsafe_b64decode(json.loads(issuer.jwks_file.read_text())["keys"][0]["x"] + "=")
    return jwt.encode(claims(), public.ljust(32), "HS256", headers={"kid": KEY_ID})


def signed_by_somebody_else(issuer: DevelopmentIssuer) -> str:
    return jwt.encode(claims(), Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": KEY_ID})


def changed_afterwards(issuer: DevelopmentIssuer) -> str:
    head, _, signature = signed()(issuer).split(".")
    return f"{head}.{encoded(json.dumps(claims(scope='tower:ring')))}.{signature}"


def with_head(issuer: DevelopmentIssuer, **head: Any) -> str:
    stated = encoded(json.dumps({"alg": "EdDSA", "typ": "JWT"} | head))
    _, payload, signature = signed()(issuer).split(".")
    return f"{stated}.{payload}.{signature}"


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def private(issuer: DevelopmentIssuer) -> str:
    return (issuer.directory / "issuer.pem").read_text()


NOW = int(time.time())
REFUSED: dict[str, Forge] = {
    "alg none": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "signed by somebody else": signed_by_somebody_else,
    "changed afterwards": changed_afterwards,
    "an unknown key": of_key("other"),
    "no key": of_key(None),
    "expired": signed(exp=NOW - 60),
    "not yet valid": signed(nbf=NOW + 86_400),
    "for another audience": signed(aud="others"),
    "from another issuer": signed(iss="https://others.invalid"),
    "without exp": signed(exp=None),
    "without iat": signed(iat=None),
    "without sub": signed(sub=None),
    "without aud": signed(aud=None),
    "without a tenant": signed(tenant_id=None),
    "a tenant that is no id": signed(tenant_id="acme"),
    "a tenant that is a list": signed(tenant_id=[str(uuid4())]),
    "an expiry that is no number": signed(exp="tomorrow"),
    "an expiry beyond all numbers": signed(exp=float("inf")),
    "a subject that cannot be stored": signed(sub="ann\0"),
    "a subject of two lines": signed(sub="ann\nroot"),
    "a subject that is no text": signed(sub=7),
    "a subject without end": signed(sub="a" * 100_000),
    "a key that is no text": lambda issuer: with_head(issuer, kid=7),
    "a key brought along": lambda issuer: with_head(issuer, jwk={"kty": "oct", "k": "c2VjcmV0"}, kid="other"),
    "a key from elsewhere": lambda issuer: with_head(issuer, jku="http://127.0.0.1:1/jwks", kid="other"),
    "100 kB of nothing": lambda issuer: "a" * 100_000,
    "100 kB of dots": lambda issuer: "." * 100_000,
    "a head of 10,000 arrays": lambda issuer: encoded("[" * 10_000 + "]" * 10_000) + ".e30.e30",
    "garbage": lambda issuer: "abc.def.ghi",
    "nothing but dots": lambda issuer: "..",
    "no JSON": lambda issuer: "YQ.YQ.YQ",
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_token_is_refused(door: Door, bell: UUID, what: str) -> None:
    answer = ask(door, bell, f"Bearer {REFUSED[what](door.issuer)}")
    assert (answer.status_code, answer.json()["title"]) == (401, "not_authenticated"), what
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YQ==", "bearer\t"])
def test_what_is_no_bearer_token_is_refused(door: Door, bell: UUID, header: str) -> None:
    assert ask(door, bell, header).status_code == 401


def test_a_token_of_ours_opens(door: Door, bell: UUID) -> None:
    assert ask(door, bell, f"Bearer {signed()(door.issuer)}").status_code == 200
    assert ask(door, bell, f"bearer {signed(exp=int(time.time()) - 5)(door.issuer)}").status_code == 200  # leeway


@pytest.mark.parametrize(
    "scope", ["", "tower:rea", "tower:ring TOWER:READ", "tower", None, ["tower:read"], {"tower:read": True}, 7, True]
)
def test_what_a_token_does_not_name_is_not_allowed(door: Door, bell: UUID, scope: Any) -> None:
    answer = ask(door, bell, f"Bearer {signed(scope=scope)(door.issuer)}")
    assert (answer.status_code, answer.json()["title"]) == (403, "scope_missing")


def test_while_the_issuer_is_away_nobody_is_told_that_their_token_is_wrong(tower: Tower, door: Door) -> None:
    nobody_there = door.issuer.settings | {"AUTH_JWKS_URL": "http://127.0.0.1:1/jwks"}
    behind = Door(create_app(tower, nobody_there), door.issuer)
    answer = behind.client().get("/v1/bells")
    assert (answer.status_code, answer.json()["title"]) == (503, "issuer_unavailable")
    assert answer.headers["retry-after"] == "1"


def ask(door: Door, bell: UUID, authorization: str) -> Any:
    return TestClient(door.app).get(f"/v1/bells/{bell}", headers={"Authorization": authorization})

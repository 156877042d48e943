"""Keys of the issuer: kept, fetched anew, believed for a while, and never fetched for whoever makes one up."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio
import jwt
import pytest

from shared.http.signing_keys import AGAIN_AFTER_SECONDS, BELIEVED_SECONDS, FRESH_SECONDS, KeysOfIssuer

KEY = jwt.PyJWK({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "old"})


@dataclass
class Issuer:
    """Has the keys of these names, or is away."""

    names: list[str] = field(default_factory=lambda: ["old"])
    is_away: bool = False
    asked: int = 0
    time: float = 0

    def fetch(self) -> dict[str, jwt.PyJWK]:
        self.asked += 1
        if self.is_away:
            raise jwt.PyJWKClientConnectionError("away")
        return dict.fromkeys(self.names, KEY)

    def later(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def keys(issuer: Issuer) -> KeysOfIssuer:
    return KeysOfIssuer(issuer.fetch, lambda: issuer.time)


def ask(keys: KeysOfIssuer, name: str = "old") -> jwt.PyJWK:
    return anyio.run(keys.of, name)


def test_a_known_key_is_fetched_once(issuer, keys):
    assert [ask(keys), ask(keys)] == [KEY, KEY]
    assert issuer.asked == 1


def test_a_key_that_nobody_has_is_asked_for_once_in_a_while(issuer, keys):
    for number in range(100):
        with pytest.raises(KeyError):
            ask(keys, f"made up {number}")
    assert issuer.asked == 1
    issuer.later(AGAIN_AFTER_SECONDS)
    with pytest.raises(KeyError):
        ask(keys, "made up")
    assert issuer.asked == 2


def test_a_new_key_is_known_as_soon_as_one_may_ask_again(issuer, keys):
    ask(keys)
    issuer.names = ["old", "new"]
    issuer.later(AGAIN_AFTER_SECONDS)
    assert ask(keys, "new") == KEY


def test_a_withdrawn_key_is_forgotten(issuer, keys):
    ask(keys)
    issuer.names = ["new"]
    issuer.later(FRESH_SECONDS)
    with pytest.raises(KeyError):
        ask(keys)


def test_while_the_issuer_is_away_a_known_key_is_believed_for_an_hour(issuer, keys):
    ask(keys)
    issuer.is_away = True
    issuer.later(BELIEVED_SECONDS - 1)
    assert ask(keys) == KEY
    issuer.later(1)
    with pytest.raises(jwt.PyJWKClientConnectionError):
        ask(keys)


def test_while_the_issuer_is_away_nobody_knows_about_another_key(issuer, keys):
    ask(keys)
    issuer.is_away = True
    issuer.later(AGAIN_AFTER_SECONDS)
    for _ in range(2):
        with pytest.raises(jwt.PyJWKClientConnectionError):
            ask(keys, "other")
    assert issuer.asked == 2


def test_an_issuer_that_comes_back_is_heard(issuer, keys):
    issuer.is_away = True
    with pytest.raises(jwt.PyJWKClientConnectionError):
        ask(keys)
    issuer.is_away = False
    issuer.later(AGAIN_AFTER_SECONDS)
    assert ask(keys) == KEY

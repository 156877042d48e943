"""The public keys that tokens are checked with: from a file, or fetched from the issuer while nobody else waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import jwt
from anyio import CapacityLimiter, to_thread

FRESH_SECONDS = 300  # a new key is known after this, and a withdrawn one is forgotten
BELIEVED_SECONDS = 3600  # while the issuer is away
AGAIN_AFTER_SECONDS = 5  # tokens of unknown keys do not make us ask more often than this

Keys = Mapping[str, jwt.PyJWK]
# Of their own, so that requests that wait for the issuer hold up nobody who asks the database.
_threads = CapacityLimiter(8)


class SigningKeys(Protocol):
    async def of(self, key_id: str) -> jwt.PyJWK:
        """Raises KeyError for a key that the issuer does not have, PyJWKClientConnectionError if nobody can tell."""
        ...

    def fresh(self, key_id: str) -> jwt.PyJWK | None:
        """Without asking anybody: None where somebody would have to be asked."""
        ...


def signing_keys(url: str) -> SigningKeys:
    """Of a JWKS document: `file:` names one on this machine, anything else is fetched from the issuer."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return KeysOfFile(Path(unquote(parts.path)))
    client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=5)
    return KeysOfIssuer(lambda: {key.key_id: key for key in client.get_signing_keys() if key.key_id})


@dataclass
class KeysOfFile:
    """Comes with the configuration, and is read at the first question."""

    path: Path
    _keys: Keys | None = None

    async def of(self, key_id: str) -> jwt.PyJWK:
        if self._keys is None:
            found = jwt.PyJWKSet.from_json(self.path.read_text()).keys
            self._keys = {key.key_id: key for key in found if key.key_id}
        return self._keys[key_id]

    def fresh(self, key_id: str) -> jwt.PyJWK | None:
        return self._keys.get(key_id) if self._keys else None


@dataclass
class KeysOfIssuer:
    """Kept for a while. One thread fetches; who has a known key does not wait for it."""

    fetch: Callable[[], Keys]
    now: Callable[[], float] = time.monotonic
    _keys: Keys = field(default_factory=dict)
    _fetched_at: float = float("-inf")
    _asked_at: float = float("-inf")
    _asking: threading.Lock = field(default_factory=threading.Lock)

    async def of(self, key_id: str) -> jwt.PyJWK:
        if not self._knows(key_id, FRESH_SECONDS) and not (
            self._asking.locked() and self._knows(key_id, BELIEVED_SECONDS)
        ):
            await to_thread.run_sync(self._ask, limiter=_threads)
        if self._knows(key_id, BELIEVED_SECONDS):
            return self._keys[key_id]
        if self._asked_at > self._fetched_at:
            raise jwt.PyJWKClientConnectionError("the issuer is away")
        raise KeyError(key_id)

    def fresh(self, key_id: str) -> jwt.PyJWK | None:
        """Keys that are fetched meanwhile may do without this one."""
        return self._keys.get(key_id) if self._knows(key_id, FRESH_SECONDS) else None

    def _knows(self, key_id: str, within_seconds: float) -> bool:
        return key_id in self._keys and self.now() - self._fetched_at < within_seconds

    def _ask(self) -> None:
        with self._asking:
            if self.now() - self._asked_at < AGAIN_AFTER_SECONDS:
                return
            try:
                self._keys = self.fetch()
                self._fetched_at = self._asked_at = self.now()
            except (jwt.PyJWTError, ValueError, OSError):
                self._asked_at = self.now()

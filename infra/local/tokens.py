"""The development issuer: a key pair of this checkout, and tokens of any tenant with it. Never for production."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import OKPAlgorithm

from infra.local.children import write_secret

ISSUER = "https://development.quittance.invalid"
AUDIENCE = "quittance"
KEY_ID = "development"
TENANTS = UUID("6f0a7c52-3c0d-5b8e-9d3b-0d9a3f4f7c11")


@dataclass(frozen=True, slots=True)
class DevelopmentIssuer:
    """Keeps its private key (0600) and the public JWKS file in `directory`."""

    directory: Path

    @property
    def jwks_file(self) -> Path:
        return self.directory / "jwks.json"

    @property
    def settings(self) -> dict[str, str]:
        """What a service needs in its environment to believe these tokens."""
        url = self.jwks_file.absolute().as_uri()
        return {"AUTH_ISSUER": ISSUER, "AUTH_AUDIENCE": AUDIENCE, "AUTH_JWKS_URL": url}

    def prepare(self) -> None:
        """Makes the key pair the first time; the next runs find it."""
        if not self._key_file.exists():
            key = Ed25519PrivateKey.generate()
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_secret(self._key_file, pem.decode())
        self.jwks_file.write_text(json.dumps({"keys": [self._public_key()]}))

    def token(self, *, tenant: str, scopes: Iterable[str], subject: str = "developer", hours: float = 12) -> str:
        """A signed token; its real times are now, as no test clock reaches the expiry of tokens."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "exp": now + round(hours * 3600),
            "tenant_id": str(tenant_id(tenant)),
            "tenant": tenant,
            "scope": " ".join(scopes),
        }
        return jwt.encode(claims, self._key_file.read_text(), algorithm="EdDSA", headers={"kid": KEY_ID})

    @property
    def _key_file(self) -> Path:
        return self.directory / "issuer.pem"

    def _public_key(self) -> dict[str, str]:
        algorithm = OKPAlgorithm()
        public = algorithm.prepare_key(self._key_file.read_text()).public_key()  # type: ignore[union-attr]
        return OKPAlgorithm.to_jwk(public, as_dict=True) | {"kid": KEY_ID, "use": "sig", "alg": "EdDSA"}


def tenant_id(name: str) -> UUID:
    """The same for the same name on every machine, so that examples can be compared."""
    return uuid5(TENANTS, name)

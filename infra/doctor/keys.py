"""Is everything named that a service needs, and can tokens be checked with the issuer's keys?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from infra.doctor.findings import Finding, judged
from infra.doctor.installation import Installation


def settings(installation: Installation) -> Iterator[Finding]:
    missing = ", ".join(installation.missing)
    said = f"not set: {missing}" if missing else f"{len(installation.services)} services are named"
    yield judged("settings", "all", said, "set them in the environment of the doctor", is_well=not missing)


def signing_keys(installation: Installation) -> Iterator[Finding]:
    keys = _published(installation.jwks_url)
    nameless = sum("kid" not in key for key in keys)
    said = f"published: {len(keys)}" + (f", without a kid: {nameless}" if nameless else "")
    remedy = "publish the key that signs, with its kid, at AUTH_JWKS_URL"
    yield judged("signing keys", "all", said, remedy, is_well=bool(keys) and not nameless)


def _published(address: str) -> list[dict[str, Any]]:
    url = urlsplit(address)
    if url.scheme == "file":
        published = json.loads(Path(unquote(url.path)).read_text())
    else:
        published = httpx.get(address, timeout=5).raise_for_status().json()
    keys: list[dict[str, Any]] = published["keys"]
    return keys

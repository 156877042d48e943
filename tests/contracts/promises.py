"""The published language as it was promised, one file a message: `python -m tests.contracts.promises` adds to it.

It adds messages and optional fields, and refuses to write anything that would break who listens already.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from shared.messages import Contract
from tests.contracts.samples import contracts, encoded

GOLDEN = Path(__file__).parent / "golden"


def promised(name: str) -> Any:
    """What was promised of a message; None if nothing was."""
    file = GOLDEN / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def names() -> set[str]:
    return {file.stem for file in GOLDEN.glob("*.json")}


def breaches(contract: type[Contract], promise: Any) -> list[str]:
    """What of a promise is not kept: fields that vanished or changed, and fields that old senders do not have."""
    try:
        msgspec.json.decode(json.dumps(promise), type=contract)
    except msgspec.ValidationError as error:
        return [f"what was sent before cannot be read any more: {error}"]
    return missing(promise, encoded(contract), "")


def missing(promise: Any, now: Any, path: str) -> list[str]:
    """Which fields of a JSON value are gone from another one, or have another value there."""
    match promise, now:
        case dict(), dict():
            gone = [f"{path}/{name} vanished" for name in promise if name not in now]
            kept = [name for name in promise if name in now]
            return gone + [breach for name in kept for breach in missing(promise[name], now[name], f"{path}/{name}")]
        case [one], [other]:
            return missing(one, other, f"{path}/0")
    return [] if type(promise) is type(now) and promise == now else [f"{path} changed its form"]


def write() -> None:
    kept = {c.TYPE: breaches(c, promise) for c in contracts() if (promise := promised(c.TYPE)) is not None}
    if broken := {name: found for name, found in kept.items() if found}:
        sys.exit(f"make a new version of these instead: {json.dumps(broken, indent=1)}")
    GOLDEN.mkdir(exist_ok=True)
    for contract in contracts():
        (GOLDEN / f"{contract.TYPE}.json").write_text(json.dumps(encoded(contract), indent=1) + "\n")


if __name__ == "__main__":
    write()

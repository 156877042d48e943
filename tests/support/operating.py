"""What an operator types, as a process of its own: `python -m services.<name>.operate …`."""

from __future__ import annotations

import os
import subprocess
import sys


def operate(name: str, database_url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """With the worker's database; it needs neither the broker nor anybody's tokens."""
    environment = {
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP_SERVERS": "nowhere:9092",
        "AUTH_ISSUER": "nobody",
        "AUTH_JWKS_URL": "file:///nowhere",
    }
    command = [sys.executable, "-m", f"services.{name}.operate", *words]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120)

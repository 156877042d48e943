"""What an operator types, as a process of its own: `python -m services.<name>.operate …`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from tests.support.house import Service


def operate(name: str, environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"services.{name}.operate", *words]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120)


def environment_of(service: Service) -> dict[str, str]:
    """What the worker of a service reads."""
    settings = service.settings("worker")
    return {
        "DATABASE_URL": settings.database,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "AUTH_ISSUER": settings.auth_issuer,
        "AUTH_JWKS_URL": settings.auth_jwks_url,
    }

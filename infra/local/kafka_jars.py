"""Apache Kafka's jars, fetched once by Maven into the checkout: `infra/kafka/pom.xml` says which."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.processes import ROOT

POM = ROOT / "infra" / "kafka" / "pom.xml"
CACHE = ROOT / ".cache" / "kafka"
FETCH_SECONDS = 600


class NoJava(Exception):
    """A program that Apache Kafka needs is not there."""

    def __init__(self, program: str) -> None:
        super().__init__(
            f"Apache Kafka needs Java 17 or newer and Maven, and there is no `{program}`: install both "
            "(Debian: apt install openjdk-17-jre-headless maven)"
        )


class NotFetched(Exception):
    """Maven could not get the jars; it says why."""

    def __init__(self, said: str) -> None:
        super().__init__(f"Maven did not get Apache Kafka:\n{said[-2000:]}")


def java() -> str:
    """Where Java is. Raises NoJava."""
    return _program("java")


def jars() -> Path:
    """The folder with the jars; the first time it takes a minute. Raises NoJava, NotFetched."""
    fetched = CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    if not fetched.is_dir():
        maven = _program("mvn")
        java()
        with _alone():
            if not fetched.is_dir():
                _fetch(maven, fetched)
    return fetched


def _fetch(maven: str, to: Path) -> None:
    """It is there whole or not at all; what Maven keeps for itself is removed."""
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=CACHE) as draft:
        goal = ("dependency:copy-dependencies", f"-DoutputDirectory={draft}/jars", f"-Dmaven.repo.local={draft}/maven")
        done = subprocess.run(
            [maven, "--quiet", "--batch-mode", "--file", str(POM), *goal],
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise NotFetched(done.stdout + done.stderr)
        Path(draft, "jars").rename(to)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NoJava(name)
    return found


@contextmanager
def _alone() -> Iterator[None]:
    """Two runs that need it at once fetch it once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""Starts other programs in a session of their own and ends them again, whatever they do."""

from __future__ import annotations

import os
import pwd
import random
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

PORTS = range(15_000, 32_768)  # Linux takes those of outgoing connections from 32768 on
_given: set[int] = set()


class NoFreePort(Exception):
    """Every port that the runner may choose is listened on, or was given away."""

    def __init__(self, ports: range) -> None:
        super().__init__(f"no free port from {ports.start} to {ports.stop - 1}: end what listens there")


def launch(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    directory: Path | None = None,
    account: pwd.struct_passwd | None = None,
) -> subprocess.Popen[bytes]:
    """A child with this environment only, writing to the end of `log`; a Ctrl-C in the terminal is not for it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )


def end(child: subprocess.Popen[bytes], first: signal.Signals, patience_seconds: float) -> int:
    """Asks with `first`, then kills the whole session; returns the exit status."""
    if child.poll() is None:
        child.send_signal(first)
    try:
        child.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
    return child.wait()


def is_running(pid: int, program: str) -> bool:
    """Whether that process exists and is still this program: numbers are given out again."""
    try:
        return bool(psutil.Process(pid).name() == program)
    except psutil.Error:
        return False


def free_port(ports: range = PORTS) -> int:
    """A loopback port that nobody listens on, that this process has not given to anybody before.

    A port that the system would choose may go to an outgoing connection, or to the next who asks, before its program
    listens on it, or while that is started again. Raises NoFreePort.
    """
    for port in random.SystemRandom().sample(ports, len(ports)):
        if port not in _given and _nobody_listens_on(port):
            _given.add(port)
            return port
    raise NoFreePort(ports)


def _nobody_listens_on(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def plain_environment() -> dict[str, str]:
    """What any program needs to start, without the settings and secrets of this one."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}


def write_secret(path: Path, text: str, owner: pwd.struct_passwd | None = None) -> None:
    """Writes a file that only its owner can read, and that is never there half written. Threads may write the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    if owner:
        os.chown(draft, owner.pw_uid, owner.pw_gid)
    draft.replace(path)

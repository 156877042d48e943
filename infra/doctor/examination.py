"""All checks one after the other; one that cannot be made is a finding like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from infra.doctor import backlogs, broker, clocks, keys, processes, roles, tables, versions
from infra.doctor.findings import Finding
from infra.doctor.installation import Installation, Service

UNKNOWN = "could not be examined"
OF_INSTALLATION: Mapping[str, Callable[[Installation], Iterator[Finding]]] = {
    "settings": keys.settings,
    "packages": versions.packages,
    "signing keys": keys.signing_keys,
    "topics": broker.topics,
}
OF_SERVICE: Mapping[str, Callable[[Service], Iterator[Finding]]] = {
    "PostgreSQL": versions.postgresql,
    "clock": clocks.drift,
    "tables": tables.as_the_code_knows_them,
    "roles": roles.running_roles,
    "policies": roles.policies,
    "process": processes.answers,
    "waiting": backlogs.waiting,
}


def examine(installation: Installation) -> Iterator[Finding]:
    broker_answers = True
    for name, check in OF_INSTALLATION.items():
        for finding in _asked(name, "all", partial(check, installation)):
            broker_answers = broker_answers and not (name == "topics" and finding.said.startswith(UNKNOWN))
            yield finding
    for service in installation.services:
        for name, look in OF_SERVICE.items():
            yield from _asked(name, service.name, partial(look, service))
        if broker_answers:
            yield from _asked("lag", service.name, partial(broker.lags, installation, service))


def _asked(name: str, subject: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from list(check())
    except Exception as error:  # whatever it is, the other checks still tell something
        said = f"{UNKNOWN}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        yield Finding(
            name, subject, "fail", said[:200], "see that the server runs and that the address and role are right"
        )

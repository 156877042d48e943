"""Who may do what on Apache Kafka: one principal a service, and the rules that follow from `topics.yaml`."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialUpsertion,
)

from infra.local.topics import Topic

MECHANISM = "SCRAM-SHA-512"
PATIENCE_SECONDS = 15.0


class NotGranted(Exception):
    """The broker refused a principal or a rule, or does not show it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Kafka did not take {what}")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """`service` may `operation` (READ, WRITE) the topic of that name, or the groups whose names begin so."""

    service: str
    operation: str
    kind: str
    name: str


def rules(topics: Iterable[Topic]) -> set[Rule]:
    """A service writes to its own topics and to no other, reads what it listens to, and uses its own groups."""
    return {rule for topic in topics for rule in _rules(topic)}


def _rules(topic: Topic) -> Iterator[Rule]:
    yield Rule(topic.owner, "WRITE", "TOPIC", topic.name)
    for reader in topic.readers:
        yield Rule(reader, "READ", "TOPIC", topic.name)
        yield Rule(reader, "READ", "GROUP", f"quittance.{reader}")


def set_passwords(admin: KafkaAdminClient, passwords: Mapping[str, str]) -> None:
    """Makes a principal a service, or changes its password. The broker keeps a verifier. Raises NotGranted."""
    answers = admin.alter_user_scram_credentials(
        [UserScramCredentialUpsertion(name, MECHANISM, password) for name, password in passwords.items()]
    )
    for name, error in answers.items():
        if error:
            raise NotGranted(f"the password of {name}: {error}")


def grant(admin: KafkaAdminClient, wanted: Collection[Rule]) -> None:
    """Makes the rules of these services exactly the wanted ones, and returns when the broker goes by them."""
    services = {rule.service for rule in wanted}
    stated = {_acl(rule) for rule in wanted}
    found = _found(admin, services)
    _create(admin, sorted(stated - found, key=str))
    if superfluous := found - stated:
        admin.delete_acls([_exactly(acl) for acl in superfluous])
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while _found(admin, services) != stated:
        if time.monotonic() > give_up_at:
            raise NotGranted("all access rules")
        time.sleep(0.05)


def _create(admin: KafkaAdminClient, acls: list[ACL]) -> None:
    failed = admin.create_acls(acls)["failed"] if acls else []
    if failed:
        raise NotGranted(f"{len(failed)} access rules: {failed[0].__name__}")


def _found(admin: KafkaAdminClient, services: Iterable[str]) -> set[ACL]:
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    return {
        acl
        for service in services
        for acl in admin.describe_acls(
            ACLFilter(_principal(service), None, ACLOperation.ANY, ACLPermissionType.ANY, everything)
        )[0]
    }


def _acl(rule: Rule) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if rule.kind == "GROUP" else ACLResourcePatternType.LITERAL
    resource = ResourcePattern(ResourceType[rule.kind], rule.name, pattern)
    return ACL(_principal(rule.service), "*", ACLOperation[rule.operation], ACLPermissionType.ALLOW, resource)


def _exactly(acl: ACL) -> ACLFilter:
    resource = acl.resource_pattern
    pattern = ResourcePatternFilter(resource.resource_type, resource.resource_name, resource.pattern_type)
    return ACLFilter(acl.principal, acl.host, acl.operation, acl.permission_type, pattern)


def _principal(service: str) -> str:
    return f"User:{service}"

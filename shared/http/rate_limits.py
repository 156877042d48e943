"""How much one tenant may ask of one API process: told on every answer, and refused with 429 beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request

from shared.http.problems import Problem
from shared.http.quotas import Quota
from shared.settings import Settings

Headers = list[tuple[bytes, bytes]]


class QuotaExceeded(Problem):
    def __init__(self, policy: Policy, seconds: int):
        detail = f"more than {policy.quota} {policy.unit} in {policy.seconds} s: come again later"
        super().__init__(429, "quota_exceeded", detail, {"Retry-After": str(seconds)})


@dataclass(frozen=True, slots=True)
class Policy:
    """A quota in a sliding window; name, unit and header as in draft-ietf-httpapi-ratelimit-headers-10."""

    name: str
    unit: str
    quota: int
    seconds: int

    @property
    def item(self) -> RateLimitItemPerSecond:
        return RateLimitItemPerSecond(self.quota, self.seconds, self.name)

    @property
    def header(self) -> str:
        return f'"{self.name}";q={self.quota};qu="{self.unit}";w={self.seconds}'


class RateLimits:
    """Counts in this process: N processes give a tenant N times as much.

    Two counters a tenant and policy, whatever the quota: the last window counts by what is left of it.
    """

    def __init__(self, settings: Settings):
        seconds = settings.rate_limit_seconds
        self.requests = Policy("requests", "requests", settings.rate_limit_requests, seconds)
        self.bytes = Policy("bytes", "content-bytes", settings.rate_limit_bytes, seconds)
        limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._quotas = {policy: Quota(limiter, policy.item) for policy in (self.requests, self.bytes)}
        self._headers = {
            by_bytes: ", ".join(policy.header for policy in self._policies(by_bytes)).encode()
            for by_bytes in (False, True)
        }

    def count(self, request: Request, tenant_id: UUID, *, by_bytes: bool = False) -> None:
        """Once a request, however many of its dependencies ask. Raises QuotaExceeded."""
        state: dict[str, Any] = request.scope["state"]
        if "headers" not in state:
            self.hit(state, tenant_id, _announced(request, self.bytes.quota) if by_bytes else None)
        if "over_quota" in state:
            raise QuotaExceeded(*state["over_quota"])

    def hit(self, state: dict[str, Any], tenant_id: UUID, size: int | None) -> bool:
        """Whether a request of this size, where size counts, is allowed; what its answer says of that is in `state`."""
        by_bytes = size is not None
        costs = (1, min(size, self.bytes.quota)) if size is not None else (1,)
        who, policies = tenant_id.hex, self._policies(by_bytes)
        taken = [(policy, *self._quotas[policy].take(who, cost)) for policy, cost in zip(policies, costs, strict=True)]
        left = ", ".join(f'"{policy.name}";r={remaining};t={seconds}' for policy, _, remaining, seconds in taken)
        state["headers"] = [(b"ratelimit-policy", self._headers[by_bytes]), (b"ratelimit", left.encode())]
        refused = [(policy, seconds) for policy, is_allowed, _, seconds in taken if not is_allowed]
        if refused:
            state["over_quota"] = refused[0]
        return not refused

    def _policies(self, by_bytes: bool) -> Sequence[Policy]:
        return (self.requests, self.bytes) if by_bytes else (self.requests,)


def _announced(request: Request, most: int) -> int:
    """The size of a body; one that does not say it, which few clients send, counts a tenth of the quota."""
    announced = request.headers.get("content-length", "")
    return int(announced) if announced.isdecimal() else most // 10

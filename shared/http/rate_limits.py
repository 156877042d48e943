"""How much one tenant may ask of one API process: told on every answer, and refused with 429 beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request

from shared.http.problems import Problem
from shared.http.quotas import Quota, Taken
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
        self._of_requests, self._of_bytes = (Quota(limiter, policy.item) for policy in (self.requests, self.bytes))
        self._policy = (b"ratelimit-policy", self.requests.header.encode())
        self._policies = (b"ratelimit-policy", f"{self.requests.header}, {self.bytes.header}".encode())

    def count(self, request: Request, tenant_id: UUID, *, by_bytes: bool = False) -> None:
        """Once a request, however many of its dependencies ask. Raises QuotaExceeded."""
        state: dict[str, Any] = request.scope["state"]
        if "headers" not in state:
            self.hit(state, tenant_id, _announced(request, self.bytes.quota) if by_bytes else None)
        if "over_quota" in state:
            raise QuotaExceeded(*state["over_quota"])

    def hit(self, state: dict[str, Any], tenant_id: UUID, size: int | None) -> bool:
        """Whether a request of this size, where size counts, is allowed; what its answer says of that is in `state`."""
        who = tenant_id.hex
        requests = self._of_requests.take(who, 1)
        told, left, over = self._policy, _left(self.requests, requests), _over(self.requests, requests)
        if size is not None:
            sent = self._of_bytes.take(who, min(size, self.bytes.quota))
            told, left, over = self._policies, f"{left}, {_left(self.bytes, sent)}", over or _over(self.bytes, sent)
        state["headers"] = [told, (b"ratelimit", left.encode())]
        if over:
            state["over_quota"] = over
        return over is None


def _left(policy: Policy, taken: Taken) -> str:
    return f'"{policy.name}";r={taken.remaining};t={taken.more_in_seconds}'


def _over(policy: Policy, taken: Taken) -> tuple[Policy, int] | None:
    return None if taken.is_allowed else (policy, taken.more_in_seconds)


def _announced(request: Request, most: int) -> int:
    """The size of a body; one that does not say it, which few clients send, counts a tenth of the quota."""
    announced = request.headers.get("content-length", "")
    return int(announced) if announced.isdecimal() else most // 10

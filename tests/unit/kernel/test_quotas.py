"""A quota that is taken in lots allows what the library allows that is asked every time, and says the same of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from shared.http.quotas import MOST, Quota

ONE_WINDOW = 1_000_000_000  # seconds: the next one begins in 2033


class Counted(SlidingWindowCounterRateLimiter):
    """The library's, and how often it is asked."""

    asked = 0

    def hit(self, item: RateLimitItemPerSecond, *identifiers: str, cost: int = 1) -> bool:
        self.asked += 1
        return super().hit(item, *identifiers, cost=cost)


storage = MemoryStorage()


def limiter() -> Counted:
    storage.reset()
    return Counted(storage)


def item(amount: int, name: str) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(amount, ONE_WINDOW, name)


steps = some.lists(some.tuples(some.sampled_from(["acme", "globex"]), some.integers(1, 400)), max_size=40)


@given(some.sampled_from([1, 3, 99, 100, 1000, 2345]), steps)
def test_in_one_window_it_decides_and_tells_what_the_library_does(amount, steps):
    library, quota = limiter(), Quota(SlidingWindowCounterRateLimiter(storage), item(amount, "lots"))
    one_by_one = item(amount, "one by one")
    for who, cost in steps:
        is_allowed = library.hit(one_by_one, who, cost=cost)
        taken = quota.take(who, cost)
        assert (taken.is_allowed, taken.remaining) == (is_allowed, library.get_window_stats(one_by_one, who).remaining)
        assert 1 <= taken.more_in_seconds <= ONE_WINDOW


def test_a_lot_is_asked_for_once():
    asked = limiter()
    quota = Quota(asked, item(1000, "once"))
    assert [quota.take("acme", 1).remaining for _ in range(20)] == list(range(999, 979, -1))
    assert asked.asked == 2


def test_a_small_quota_is_asked_for_each_time():
    asked = limiter()
    quota = Quota(asked, item(99, "each"))
    assert [quota.take("acme", 1).remaining for _ in range(3)] == [98, 97, 96]
    assert asked.asked == 3


def test_lots_of_many_do_not_pile_up():
    quota = Quota(limiter(), item(1000, "many"))
    for number in range(MOST + 10):
        quota.take(str(number), 1)
    assert len(quota._lots) == 10

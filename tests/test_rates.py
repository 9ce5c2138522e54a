"""Token buckets with an injected clock: exact points, exact seconds, bounded memory."""

import pytest

from api.caller import Anonymous, MemberCaller, StaffCaller
from api.errors import RateLimited
from api.rates import FailureLocks, RateLimits, Rates, TokenBuckets, address_key

MEMBER = MemberCaller("m1", "s1")
TILL = StaffCaller("e1", "CASHIER", "lisboa", "t1")


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(buckets: TokenBuckets, key: str, points: int = 1) -> int:
    """How often this many points can be taken at once."""
    times = 0
    while times < 10_000:
        try:
            buckets.take(key, points)
        except RateLimited:
            return times
        times += 1
    raise AssertionError("no limit")


def test_a_bucket_holds_what_is_allowed_and_fills_evenly(clock: Clock) -> None:
    buckets = TokenBuckets(60, 60, clock)
    assert taken(buckets, "a") == 60
    with pytest.raises(RateLimited) as refused:
        buckets.take("a", 5)
    assert refused.value.retry_after == 5
    clock.now += 5
    assert taken(buckets, "a", 5) == 1
    clock.now += 3_600
    assert taken(buckets, "a") == 60
    assert taken(buckets, "b") == 60


def test_a_refusal_takes_nothing(clock: Clock) -> None:
    buckets = TokenBuckets(10, 60, clock)
    buckets.take("a", 8)
    with pytest.raises(RateLimited):
        buckets.take("a", 3)
    assert taken(buckets, "a", 2) == 1


def test_who_was_seen_longest_ago_is_forgotten_first(clock: Clock) -> None:
    buckets = TokenBuckets(1, 60, clock, max_keys=2)
    for key in ("a", "b", "c"):
        buckets.take(key)
    assert len(buckets) == 2
    buckets.take("a")
    with pytest.raises(RateLimited):
        buckets.take("c")


def test_the_rates_are_those_of_the_design() -> None:
    assert RateLimits() == RateLimits(
        member_points_per_minute=300,
        anonymous_requests_per_minute=600,
        staff_requests_per_minute=600,
        sign_in_codes_per_address_hour=200,
        enrolments_per_address_hour=200,
        bad_scans_per_minute=10,
    )


def operations(
    rates: Rates,
    caller: Anonymous | MemberCaller | StaffCaller,
    *,
    mutation: bool,
    roots: tuple[str, ...] = ("x",),
    cost: int = 100,
) -> int:
    times = 0
    while times < 10_000:
        try:
            rates.count_request(caller, "192.0.2.1")
            rates.count_operation(caller, "192.0.2.1", mutation=mutation, roots=roots, cost=cost)
        except RateLimited:
            return times
        times += 1
    raise AssertionError("no limit")


def test_a_member_has_300_queries_or_60_mutations_a_minute(clock: Clock) -> None:
    rates = Rates(RateLimits(), clock)
    assert operations(rates, MEMBER, mutation=False) == 300
    clock.now += 60
    assert operations(rates, MEMBER, mutation=True) == 60
    clock.now += 60
    assert operations(rates, MEMBER, mutation=True, roots=("redeemReward",) * 6) == 10


def test_what_a_document_costs_counts_too(clock: Clock) -> None:
    rates = Rates(RateLimits(), clock)
    assert operations(rates, MEMBER, mutation=False, cost=999) == 300
    clock.now += 60
    assert operations(rates, MEMBER, mutation=False, cost=10_000) == 27  # 11 points each
    clock.now += 60
    assert operations(rates, Anonymous(), mutation=False, cost=10_000) == 54


@pytest.mark.parametrize("caller", [Anonymous(), TILL])
def test_an_address_and_a_till_have_600_requests_a_minute(
    clock: Clock, caller: Anonymous | StaffCaller
) -> None:
    rates = Rates(RateLimits(), clock)
    assert operations(rates, caller, mutation=True) == 600
    clock.now += 60
    assert operations(rates, caller, mutation=True, roots=("staffSignIn", "staffSignIn")) == 300


@pytest.mark.parametrize("name", ["enrol", "requestSignInCode"])
def test_an_address_enrols_and_asks_for_codes_200_times_an_hour(clock: Clock, name: str) -> None:
    rates = Rates(RateLimits(), clock)
    for _ in range(200):
        rates.count_field(name, "192.0.2.1")
    with pytest.raises(RateLimited) as refused:
        rates.count_field(name, "192.0.2.1")
    assert refused.value.retry_after == 18
    rates.count_field(name, "192.0.2.2")
    rates.count_field("programme", "192.0.2.1")


def test_ten_bad_scans_lock_a_till_for_a_minute(clock: Clock) -> None:
    rates = Rates(RateLimits(), clock)
    for _ in range(10):
        rates.check_scans("t1")
        rates.count_bad_scan("t1")
        clock.now += 1
    with pytest.raises(RateLimited) as refused:
        rates.check_scans("t1")
    assert refused.value.retry_after == 59
    rates.check_scans("t2")
    clock.now += 59
    rates.check_scans("t1")


def test_wrongs_that_are_spread_out_lock_nothing(clock: Clock) -> None:
    locks = FailureLocks(3, 60, clock)
    for _ in range(20):
        locks.record_failure("t1")
        clock.now += 31
        locks.check("t1")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::", "2001:0db8:0001:0002"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
    ],
)
def test_an_address_is_counted_by_its_network(address: str, counted: str) -> None:
    assert address_key(address) == counted

"""Rate limits: token buckets in the memory of this process. Each process counts for itself.

A bucket holds what may be asked at once and fills evenly over its time. There are at most `MAX_KEYS` buckets
of a kind. Beyond that the least recently used one is dropped, which only forgives its owner. IPv6 addresses
are counted by /64, because one customer owns a whole one. The clock is an argument: seconds that only grow.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from prometheus_client import Counter

from api.caller import Anonymous, Caller, ClientCaller, MemberCaller
from api.errors import RateLimited
from api.settings import Settings
from domain.model.values import dataclass

Clock = Callable[[], float]

RATES_REFUSED = Counter("selo_rates_refused", "Requests refused for their rate, by whose it is.", ["rate"])

MAX_KEYS = 50_000
POINTS_PER_MUTATION = 5  # of a member; a query counts 1
COST_PER_POINT = 1_000  # the home screen of our phone page weighs 2,600

# These count once for each time they run, not once a request: aliases must not buy more guesses.
COUNTED_PER_RUN = frozenset(
    {
        "enrol",
        "requestSignInCode",
        "signIn",
        "signInWithFirebase",
        "refreshSession",
        "changeContact",
        "undoContactChange",
        "proposeContact",
        "staffSignIn",
        "redeemReward",
        "cancelVoucher",
        "enterCode",
        "claimReceipt",
        "sendTestPush",
        "sendTestMessage",
        "scan",
        "useVoucher",
        "checkout",
        "requestRedemptionCode",
        "redeemForCustomer",
        "enrolAtTill",
        "recordGuestPurchase",
        "reverseVoucherUse",
    }
)


@dataclass(frozen=True, slots=True)
class RateLimits:
    member_points_per_minute: int = 300
    anonymous_requests_per_minute: int = 600
    staff_requests_per_minute: int = 600
    sign_in_codes_per_address_hour: int = 200
    enrolments_per_address_hour: int = 200
    bad_scans_per_minute: int = 10
    look_ups_per_minute: int = 30


def rate_limits(settings: Settings) -> RateLimits:
    """Return the rates of the settings."""
    return RateLimits(
        member_points_per_minute=settings.member_points_per_minute,
        anonymous_requests_per_minute=settings.anonymous_requests_per_minute,
        staff_requests_per_minute=settings.staff_requests_per_minute,
        sign_in_codes_per_address_hour=settings.sign_in_codes_per_address_hour,
        enrolments_per_address_hour=settings.enrolments_per_address_hour,
        bad_scans_per_minute=settings.bad_scans_per_minute,
        look_ups_per_minute=settings.look_ups_per_minute,
    )


@dataclass(frozen=True, slots=True)
class Budget:
    """What a caller may ask: `remaining` of `allowed` now, all of it again in `full_in` seconds."""

    name: str
    allowed: int
    seconds: int
    remaining: int
    full_in: int


class TokenBuckets:
    """One bucket a key, each of the same size: `allowed` within `seconds`."""

    def __init__(
        self, allowed: int, seconds: float, clock: Clock, *, name: str = "other", max_keys: int = MAX_KEYS
    ) -> None:
        self._allowed, self._per_second, self._clock, self._max_keys = (
            allowed,
            allowed / seconds,
            clock,
            max_keys,
        )
        self._refused = RATES_REFUSED.labels(name)
        self._remaining: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._remaining)

    def has(self, key: str, points: int = 1) -> bool:
        """Tell whether so many points are left in this key's bucket."""
        return self._available(key, self._clock()) >= points

    def budget(self, name: str, key: str) -> Budget:
        """Return what is left in this key's bucket."""
        available = self._available(key, self._clock())
        full_in = math.ceil((self._allowed - available) / self._per_second)
        seconds = round(self._allowed / self._per_second)
        return Budget(name, self._allowed, seconds, int(available), full_in)

    def take(self, key: str, points: int = 1) -> None:
        """Take points out of this key's bucket. Raises RateLimited and takes none where too few are left."""
        now = self._clock()
        available = self._available(key, now)
        if available < points:
            self._refused.inc()
            raise RateLimited(
                retry_after=math.ceil((min(points, self._allowed) - available) / self._per_second)
            )
        self._remaining[key] = (available - points, now)
        self._remaining.move_to_end(key)
        if len(self._remaining) > self._max_keys:
            self._remaining.popitem(last=False)

    def _available(self, key: str, now: float) -> float:
        remaining, at = self._remaining.get(key, (float(self._allowed), now))
        return min(float(self._allowed), remaining + (now - at) * self._per_second)


class FailureLocks:
    """Keys that are locked for `seconds` after `allowed` failures within that time."""

    def __init__(self, allowed: int, seconds: float, clock: Clock, *, max_keys: int = MAX_KEYS) -> None:
        self._allowed, self._seconds, self._clock, self._max_keys = allowed, seconds, clock, max_keys
        self._failures: OrderedDict[str, tuple[float, ...]] = OrderedDict()

    def check(self, key: str) -> None:
        """Raise RateLimited while this key is locked."""
        failures = self._recent(key)
        if len(failures) >= self._allowed:
            RATES_REFUSED.labels("scans").inc()
            raise RateLimited(retry_after=math.ceil(failures[-1] + self._seconds - self._clock()))

    def record_failure(self, key: str) -> None:
        """Count a failure of this key."""
        self._failures[key] = (*self._recent(key), self._clock())[-self._allowed :]
        self._failures.move_to_end(key)
        if len(self._failures) > self._max_keys:
            self._failures.popitem(last=False)

    def _recent(self, key: str) -> tuple[float, ...]:
        since = self._clock() - self._seconds
        return tuple(at for at in self._failures.get(key, ()) if at > since)


class Rates:
    """Every rate of the API."""

    def __init__(self, limits: RateLimits, clock: Clock) -> None:
        self._members = TokenBuckets(limits.member_points_per_minute, 60, clock, name="member")
        self._addresses = TokenBuckets(limits.anonymous_requests_per_minute, 60, clock, name="address")
        self._tills = TokenBuckets(limits.staff_requests_per_minute, 60, clock, name="till")
        self._clients: dict[int, TokenBuckets] = {}  # by what their keys may ask a minute
        self._clock = clock
        self._codes = TokenBuckets(limits.sign_in_codes_per_address_hour, 3600, clock, name="sign_in_codes")
        self._enrolments = TokenBuckets(limits.enrolments_per_address_hour, 3600, clock, name="enrolments")
        self._look_ups = TokenBuckets(limits.look_ups_per_minute, 60, clock, name="look_ups")
        self._bad_scans = FailureLocks(limits.bad_scans_per_minute, 60, clock)

    def count_request(self, caller: Caller, address: str) -> None:
        """Count one request before any of it is read. Raises RateLimited."""
        self._take(caller, address, 1)

    def count_operation(
        self, caller: Caller, address: str, *, mutation: bool, roots: tuple[str, ...], cost: int
    ) -> None:
        """Count what this request's operation costs beyond its request's point: `cost` is its weight, and
        each COST_PER_POINT of it is a point more. Raises RateLimited.
        """
        times = max(1, sum(name in COUNTED_PER_RUN for name in roots))
        points = times * (POINTS_PER_MUTATION if mutation and isinstance(caller, MemberCaller) else 1)
        points += cost // COST_PER_POINT
        if points > 1:
            self._take(caller, address, points - 1)

    def budget(self, caller: Caller, address: str) -> Budget:
        """Return what a caller may still ask: by their membership, till, key or address."""
        if isinstance(caller, Anonymous):
            return self._addresses.budget("address", address_key(address))
        if isinstance(caller, MemberCaller):
            return self._members.budget("member", caller.member_id)
        if isinstance(caller, ClientCaller):
            return self._client_buckets(caller).budget("system", caller.name)
        return self._tills.budget("till", caller.session_id)

    def _take(self, caller: Caller, address: str, points: int) -> None:
        if isinstance(caller, Anonymous):
            self._addresses.take(address_key(address), points)
        elif isinstance(caller, MemberCaller):
            self._members.take(caller.member_id, points)
        elif isinstance(caller, ClientCaller):
            self._client_buckets(caller).take(caller.name, points)
        else:
            self._tills.take(caller.session_id, points)

    def _client_buckets(self, caller: ClientCaller) -> TokenBuckets:
        """Return the buckets of the keys that may ask as much as this one."""
        allowed = caller.bounds.requests_per_minute
        if allowed not in self._clients:
            self._clients[allowed] = TokenBuckets(allowed, 60, self._clock, name="system")
        return self._clients[allowed]

    def count_field(self, name: str, address: str) -> None:
        """Count one run of a root field that has a rate of its own. Raises RateLimited."""
        if name == "enrol":
            self._enrolments.take(address_key(address))
        elif name in ("requestSignInCode", "changeContact", "proposeContact"):
            self._codes.take(address_key(address))

    def count_look_up(self, employee: str) -> None:
        """Count a member that an employee looks up. Raises RateLimited."""
        self._look_ups.take(employee)

    def check_scans(self, till: str) -> None:
        """Raise RateLimited while this till (its session) is locked for bad scans."""
        self._bad_scans.check(till)

    def count_bad_scan(self, till: str) -> None:
        """Count an unknown or forged code that was scanned at this till."""
        self._bad_scans.record_failure(till)


def address_key(address: str) -> str:
    """Return the key by which an address is counted: the address itself, or its /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return parsed.exploded[:19]
    return address

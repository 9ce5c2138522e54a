"""What a rule brought, measured by its holdout: members who may get it against those who never do.

Who is held out is decided by a hash of member and rule, so the two arms differ in nothing else. All who were
members then count, whether the rule ever met them or not: what is compared is what they spent while the rule
ran, by member: between its dates, or, without them, since it stands. The interval is the normal
approximation's for a difference of means (Welch).
"""

from __future__ import annotations

from datetime import date
from math import ceil, sqrt

from domain.model.values import dataclass

Z_95 = 1.959963984540054
EFFECT_TO_TELL = 0.05
LEAST_MEMBERS = 2  # of an arm, for a variance


@dataclass(frozen=True, slots=True)
class Arm:
    """Members of one arm, the sum of a value over them, and the sum of its squares."""

    members: int = 0
    total: int = 0
    squares: int = 0

    def with_member(self, value: int) -> Arm:
        """Return the arm with one more member."""
        return Arm(self.members + 1, self.total + value, self.squares + value * value)

    @property
    def mean(self) -> float:
        """The mean of the value; 0 where there is nobody."""
        return self.total / self.members if self.members else 0.0

    @property
    def variance_of_mean(self) -> float:
        """The variance of the mean, by the sample's own."""
        spread = self.squares - self.total * self.total / self.members
        return max(spread, 0.0) / (self.members - 1) / self.members


@dataclass(frozen=True, slots=True)
class Uplift:
    """The difference of two arms' means with its 95 % interval, in the value's unit a member. `days_to_tell`
    is how many days more until an effect of 5 % could be told from none, if members go on as they did; 0
    where it can be by now, None where nobody held out has bought, or the rule is over. `since` and `until`
    are the first and last day measured, of a rule.
    """

    treated: Arm
    held_out: Arm
    difference: float
    low: float
    high: float
    days_to_tell: int | None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """What a rule returned on its cost since it stands, with its 95 % interval: 0.5 is half of the cost more
    than that. `gain` is the revenue that it brought in all, `cost` what it cost, both in minor units, and
    `margin` the percent of revenue that are assumed to stay.
    """

    margin: int
    gain: float
    cost: float
    value: float
    low: float
    high: float


def return_on(uplift: Uplift, *, margin: int, cost: float) -> Return | None:
    """Return (gain x margin - cost) / cost, where the gain is the difference a member times those who may get
    the rule; None where it cost nothing.
    """
    if cost <= 0:
        return None
    members = uplift.treated.members

    def of(difference: float) -> float:
        return (difference * members * margin / 100 - cost) / cost

    gain = uplift.difference * members
    return Return(margin, gain, cost, of(uplift.difference), of(uplift.low), of(uplift.high))


def measure(treated: Arm, held_out: Arm, *, days: int) -> Uplift | None:
    """Return the uplift after so many days; None where an arm has fewer than two members.

    The interval narrows with the root of time, since what members spend grows with it and its spread with the
    root: so long as half of the interval is more than 5 % of the mean held out, it takes that ratio's square
    times as long.
    """
    if min(treated.members, held_out.members) < LEAST_MEMBERS:
        return None
    difference = treated.mean - held_out.mean
    margin = Z_95 * sqrt(treated.variance_of_mean + held_out.variance_of_mean)
    days_to_tell = None
    if held_out.mean > 0:
        ratio = margin / (EFFECT_TO_TELL * held_out.mean)
        days_to_tell = max(ceil(days * ratio * ratio) - days, 0)
    return Uplift(treated, held_out, difference, difference - margin, difference + margin, days_to_tell)

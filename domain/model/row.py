"""One event decided: what it changes by itself, its rules, badges and tiers; then, in the same row, all that
this gives rise to.

Rules see the member as before the event; what an event of this decision is judged by (points.awarded,
tier.changed, segments ...) sees the member as it stands by then.
"""

from __future__ import annotations

from collections.abc import Callable

from domain.model import actions, apply, badges, ladder, rewards, tiers
from domain.model.calendar import add, local_day
from domain.model.context import Sight, held_code, multiplier, read_before
from domain.model.decision import By, Later, Outcome, World
from domain.model.earning import Bench, Room, check, counted, judge, room_left
from domain.model.events import (
    NOTHING,
    PURCHASED,
    REWARD_UNLOCKED,
    SCHEDULE,
    SEGMENT_ENTERED,
    SEGMENT_LEFT,
    Event,
)
from domain.model.member import BadgeState, Member
from domain.model.past import Past
from domain.model.programme import Programme, Rule
from domain.model.values import evolve
from domain.model.work import Drift, Kept, Work, settled


def row_of(
    programme: Programme,
    member: Member,
    event: Event,
    *,
    by: By,
    world: World,
    past: Past | None = None,
    version: int = 1,
    change: Callable[[Work], None] | None = None,
    turning: bool = False,
) -> Work:
    """Decide one event on a member for whom time has been brought up to it, and return the workbench of its
    row.

    `change` is what an event that time brought has changed before its rules see the member. While time is
    `turning` a row moves segments and rewards only as far as it causes it itself: what time alone moves has
    rows of its own, in their order.
    """
    work = _opened(programme, member, event, by=by, world=world, past=past, version=version)
    event = work.event
    found = _judged(work) if turning else None
    if change is not None:
        change(work)
    if found is not None:
        work.drift = Drift(found, (work.member.segments, work.member.unlocked))
    seen = apply.announce(work)
    reads = read_before(work.law, event.name)
    sight = Sight(work.law, seen, event, reads, then=work.then, first=work.first(event), failed=work.failed)
    late = work.then is not None
    bench = _bench(work, sight, past if late else None)
    if change is None:
        apply.happen(work, past)
    _rules(work, bench, own=True)
    _badges_and_tiers(work, event, own=True)
    _follow(work)
    if event.name == PURCHASED and event.rule is None:
        work.kept = _kept(work, sight, bench)
    return work


def _opened(
    programme: Programme,
    member: Member,
    event: Event,
    *,
    by: By,
    world: World,
    past: Past | None,
    version: int,
) -> Work:
    at = max(event.at, member.decided_at or event.at)
    late = past is not None and event.at < at
    now = apply.forget_used(settled(member, at=at), at)
    return Work(
        programme=programme,
        law=past.programme if late and past else programme,
        before=member,
        member=now,
        event=apply.told(now, event),
        by=by,
        world=world,
        at=at,
        version=past.version if late and past else version,
        tier=past.facts.tier_after if late and past else held_code(programme, now),
        plan=past.facts.plan_after if late and past else (now.plan.code if now.plan else None),
        then=past.facts if late and past else None,
    )


def _kept(work: Work, sight: Sight, bench: Bench) -> Kept:
    """What a purchase's facts keep. Every rule's room is among it: a refund may bring one in that did not
    apply.
    """
    rooms = {
        rule.code: bench.room_for(rule)
        for rule in work.law.rules_on(PURCHASED)
        if rule.limit is not None or rule.cap is not None
    }
    public = {name: value for name, value in sight.view().items() if name not in ("birthday", "number")}
    return public, sight.results or NOTHING, rooms, sight.first


def _bench(work: Work, sight: Sight, past: Past | None) -> Bench:
    day = local_day(sight.event.at, work.programme.zone)
    counters = (
        past.counts if past else work.member.counters
    )  # as before the event: its own firings do not count against it

    def room(rule: Rule) -> Room:
        return room_left(rule, counters.get(rule.code, ()), day)

    factor = multiplier(sight.programme, work.tier, work.plan)
    return Bench(sight.programme, sight, work.member.id, work.member.frozen, factor, room)


# ---------------------------------------------------------------- rules


def _rules(work: Work, bench: Bench, *, own: bool) -> None:
    event = bench.sight.event
    asked = _asked(bench.programme, event)
    if not asked:
        return
    now = [rule for rule in asked if rule.after is None or event.rule is not None]
    verdicts = {verdict.rule.code: verdict for verdict in judge(now, bench)}
    totals: dict[str, int] = {}
    for rule in asked:
        if rule.code in verdicts:
            for code, amount in actions.carry_out(work, verdicts[rule.code], event, own=own).items():
                totals[code] = totals.get(code, 0) + amount
        else:
            _postpone(work, rule, bench)
    for code, amount in totals.items():
        work.tell_awarded(code, amount)


def _asked(programme: Programme, event: Event) -> tuple[Rule, ...]:
    rules = programme.rules_on(event.name)
    if event.rule is not None:
        return tuple(rule for rule in rules if rule.code == event.rule)
    if event.name == SCHEDULE:
        return tuple(rule for rule in rules if rule.code == event.data.get("rule"))
    return rules


def _postpone(work: Work, rule: Rule, bench: Bench) -> None:
    """Keep a rule with a delay for later, where it would get as far as its awards now. What it keeps is
    without the profile.
    """
    assert rule.after is not None, "only a rule with a delay is postponed"
    event = bench.sight.event
    reason = check(rule, bench)
    if reason is None:
        due = add(event.at, rule.after, work.programme.zone)
        reason = f"later:{due.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"
        id = f"{event.id}>{rule.code}"
        delayed = Event(
            id, event.name, due, event.source, event.data, event.purchase, rule=rule.code, since=event.at
        )
        work.later.append(Later(work.member.id, due, delayed))
    work.outcomes.append(Outcome(rule.code, False, 0, reason))


# ---------------------------------------------------------------- badges, tiers, the referral


def _badges_and_tiers(work: Work, event: Event, *, own: bool = False) -> None:
    """Let an event count toward badges and tiers and be judged for the referral; one whose rule was delayed
    has done so before.
    """
    if event.rule is None and not work.member.frozen:
        for spec in work.programme.badges_on(event.name):
            state = work.member.badges.get(spec.code, BadgeState())
            actions.badge(
                work, spec, event=event, state=badges.advance(work.programme, state, spec, work.sight(event))
            )
        _count_event(work, event, own=own)
    _climb(work)
    if event.rule is None:
        apply.judge_referral(work, event)


def _count_event(work: Work, event: Event, *, own: bool) -> None:
    count = work.programme.tiers.count if work.programme.tiers else None
    if count is None or event.name not in count.on:
        return
    sight = work.sight(event)
    amount = int(counted(count.of, sight)) if sight.test(count.when) else 0
    work.counting += amount
    work.counted += amount if own else 0


def _climb(work: Work) -> None:
    work.count()
    standing = work.member.tier
    if (
        standing is None
        or work.programme.tiers is None
        or standing.days is (work.before.tier.days if work.before.tier else None)
    ):
        return
    refund = work.event.refund
    cause = refund.recorded.key if refund else work.event.id
    climbed = ladder.climb(
        work.programme, standing, at=work.at, cause=cause, came=work.at if refund else work.event.at
    )
    if climbed is standing:
        climbed = tiers.passed(work.programme, standing, at=work.at)
    if climbed is not standing:
        work.stand(climbed)


# ---------------------------------------------------------------- what follows


def _follow(work: Work) -> None:
    """Decide what the row has given rise to, first in first out, then segments and rewards, until nothing
    more follows.
    """
    judged: Member | None = None
    while work.queue or judged is not work.member:
        if work.queue:
            event = work.queue.popleft()
            if _concerns(work.programme, event.name):
                reads = read_before(work.programme, event.name)
                _rules(
                    work,
                    _bench(work, Sight(work.programme, work.member, event, reads, failed=work.failed), None),
                    own=False,
                )
                _badges_and_tiers(work, event)
            continue
        if work.member.joined_at is None or not (work.programme.segments or rewards.listed(work.programme)):
            return
        _segments(work, _standing_sight(work))
        judged = work.member
        _rewards(work, _standing_sight(work))
        judged = judged if work.queue else work.member


def _standing_sight(work: Work) -> Sight:
    """What segments and rewards see: the member as it stands, at the time the row takes effect."""
    if work.then is None and work.event.at == work.at:
        return work.sight(work.event)
    return rewards.glance(work.programme, work.member, work.at)


def _concerns(programme: Programme, name: str) -> bool:
    if programme.rules_on(name) or programme.badges_on(name):
        return True
    counts = programme.tiers is not None and name in programme.tiers.count.on
    return counts or (programme.referral is not None and name in programme.referral.qualifies.on)


def _judged(work: Work) -> tuple[frozenset[str], frozenset[str]]:
    """Return the segments and rewards as they are judged now."""
    sight = _standing_sight(work)
    segments = frozenset([spec.code for spec in work.programme.segments if sight.test(spec.when)])
    return segments, rewards.unlocked(work.programme, work.member, now=work.at, world=work.world, sight=sight)


def _segments(work: Work, sight: Sight) -> None:
    now = frozenset([spec.code for spec in work.programme.segments if sight.test(spec.when)])
    was = work.member.segments
    if work.drift is not None:
        now = work.drift.caused(0, now)
    if now == was:
        return
    work.member = evolve(work.member, segments=now)
    for spec in work.programme.segments:
        if spec.code in now - was:
            work.rise(SEGMENT_ENTERED, {"segment": spec.code})
    for code in sorted(was - now):
        work.rise(SEGMENT_LEFT, {"segment": code})


def _rewards(work: Work, sight: Sight) -> None:
    now = rewards.unlocked(work.programme, work.member, now=work.at, world=work.world, sight=sight)
    was = work.member.unlocked
    if work.drift is not None:
        now = work.drift.caused(1, now)
    if now == was:
        return
    work.member = evolve(work.member, unlocked=now)
    for spec in rewards.listed(work.programme):
        if spec.code in now - was and spec.announce:
            work.rise(REWARD_UNLOCKED, {"reward": spec.code})

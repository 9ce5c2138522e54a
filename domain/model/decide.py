"""What an event means to a member: the one pure function behind points, tiers, badges, rewards and messages.

    decide(programme, member, event, now) -> Decision

First what time brought up to the event's own time, a row each; then the event: what it changes by itself, its rules, badges and
tiers; then, in the same row, all that this gives rise to, until nothing more follows. A quote at the till is this without a commit.
Raises a Refusal where the event cannot be: then nothing of it happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.model import apply, badges, rewards, tiers
from domain.model.calendar import Per, add, local_day
from domain.model.context import Sight, held_code, multiplier
from domain.model.decision import By, Decision, Later, Outcome, World
from domain.model.earning import Bench, Room, Verdict, check, counted, fired, judge, room_left
from domain.model.events import PURCHASED, REWARD_UNLOCKED, SCHEDULE, SEGMENT_ENTERED, SEGMENT_LEFT, Event, Facts
from domain.model.member import BadgeState, Count, Member
from domain.model.programme import Programme, Rule
from domain.model.values import evolve
from domain.model.wallet import lapse, settle
from domain.model.work import Work

EVERYWHERE = World()


@dataclass(frozen=True, slots=True)
class Past:
    """What a late event or a refund goes by: the programme of its own time, the facts of the last entry before it, and what
    had fired (with amounts, by local day) in the periods that it falls into."""

    programme: Programme
    facts: Facts = field(default_factory=Facts)
    counts: Mapping[str, tuple[Count, ...]] = field(default_factory=dict)
    version: int = 1


def decide(
    programme: Programme,
    member: Member,
    event: Event,
    *,
    now: datetime,
    world: World = EVERYWHERE,
    past: Past | None = None,
    version: int = 1,
    by: By = "input",
) -> Decision:
    """Decide an event of a member, with what time brought before it. Raises a Refusal; the clock `now` bounds the event's own time."""
    from domain.model.timeline import turn  # the timeline decides rows with this module's `row_of`

    assert event.at <= now, "an event of the future is refused at the door"
    before = member
    rows = []
    if member.joined_at is not None:
        decision = turn(programme, member, until=event.at, world=world, version=version)
        member, rows = decision.member, list(decision.rows)
    work = row_of(programme, member, event, by=by, world=world, past=past, version=version)
    rows.append(work.row())
    return Decision(before, work.member, tuple(rows))


def new_member(id: str, number: str, profile_event: Event | None = None) -> Member:
    """Return a member to be, before member.enrolled: nothing but an identity."""
    member = Member(id, number)
    return evolve(member, profile=profile_event.profile) if profile_event and profile_event.profile else member


def at_instant(programme: Programme, member: Member, *, now: datetime) -> Member:
    """Return the member as a reader sees it: lots due are in, lapsed ones out, whatever any job has written down."""
    today = local_day(now, programme.zone)
    wallets = {code: lapse(settle(one, now=now), today=today)[0] for code, one in member.wallets.items()}
    return evolve(member, wallets=wallets)


# ---------------------------------------------------------------- one row


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
) -> Work:
    """Decide one event on a member for whom time has been brought up to it, and return the workbench of its row.

    `change` is what an event that time brought changes by itself.
    """
    at = max(event.at, member.decided_at or event.at)
    late = past is not None and event.at < at
    settled = apply.forget_used(_settled(member, at), at)
    work = Work(
        programme=programme,
        before=member,
        member=settled,
        event=event,
        by=by,
        world=world,
        at=at,
        version=past.version if late and past else version,
        tier=past.facts.tier_after if late and past else held_code(programme, settled),
        plan=past.facts.plan_after if late and past else (settled.plan.code if settled.plan else None),
    )
    seen = apply.announce(work)
    sight = Sight(past.programme if late and past else programme, seen, event, first=seen.purchases.count == 0)
    bench = _bench(work, sight, past if late else None)
    if event.name == PURCHASED:
        for rule in bench.programme.rules_on(PURCHASED):
            if rule.limit is not None or rule.cap is not None:
                bench.room_for(rule)  # kept with the facts: a refund may bring a rule in that did not apply
    if change is not None:
        change(work)
    else:
        apply.happen(work, past)
    _rules(work, bench, own=True)
    _badges_and_tiers(work, event, own=True)
    if event.name == PURCHASED and event.rule is None:
        apply.judge_referral(work)
    _follow(work)
    work.facts = _facts(work, sight, bench)
    return work


def _settled(member: Member, at: datetime) -> Member:
    wallets = {code: settle(one, now=at) for code, one in member.wallets.items()}
    same = all(wallets[code] is one for code, one in member.wallets.items())
    return member if same else evolve(member, wallets=wallets)


def _bench(work: Work, sight: Sight, past: Past | None) -> Bench:
    day = local_day(sight.event.since or sight.event.at, work.programme.zone) if past else local_day(sight.event.at, work.programme.zone)
    counters = past.counts if past else work.member.counters

    def room(rule: Rule) -> Room:
        return room_left(rule, counters.get(rule.code, ()), day)

    factor = multiplier(sight.programme, work.tier, work.plan)
    return Bench(sight.programme, sight, work.member.id, work.member.frozen, factor, room)


def _facts(work: Work, sight: Sight, bench: Bench) -> Facts:
    facts = Facts(tier=work.tier, plan=work.plan)
    if work.event.name != PURCHASED or work.event.rule is not None:
        return facts
    public = {name: value for name, value in sight.view().items() if name not in ("birthday", "number")}
    return replace(facts, member=public, results=sight.results, room=dict(bench.rooms), first=sight.first)


# ---------------------------------------------------------------- rules


def _rules(work: Work, bench: Bench, *, own: bool) -> None:
    event = bench.sight.event
    asked = _asked(bench.programme, event)
    waits = [rule for rule in asked if rule.after is not None and event.rule is None]
    verdicts = {verdict.rule.code: verdict for verdict in judge([rule for rule in asked if rule not in waits], bench)}
    totals: dict[str, int] = {}
    for rule in asked:
        if rule.code in verdicts:
            for code, amount in _carry_out(work, verdicts[rule.code], event, own=own).items():
                totals[code] = totals.get(code, 0) + amount
        else:
            _postpone(work, rule, bench)
    for code, amount in totals.items():
        work.tell_awarded(code, amount)


def _asked(programme: Programme, event: Event) -> list[Rule]:
    rules = programme.rules_on(event.name)
    if event.rule is not None:
        return [rule for rule in rules if rule.code == event.rule]
    if event.name == SCHEDULE:
        return [rule for rule in rules if rule.code == event.data.get("rule")]
    return list(rules)


def _postpone(work: Work, rule: Rule, bench: Bench) -> None:
    """Keep a rule with a delay for later, where it would get as far as its awards now."""
    assert rule.after is not None, "only a rule with a delay is postponed"
    event = bench.sight.event
    reason = check(rule, bench)
    if reason is None:
        due = add(event.at, rule.after, work.programme.zone)
        reason = f"later:{due.strftime('%Y-%m-%dT%H:%M:%S')}.{due.microsecond // 1000:03d}Z"
        delayed = replace(event, id=f"{event.id}>{rule.code}", at=due, since=event.at, rule=rule.code)
        work.later.append(Later(work.member.id, due, delayed))
    work.outcomes.append(Outcome(rule.code, False, 0, reason))


def _carry_out(work: Work, verdict: Verdict, event: Event, *, own: bool) -> dict[str, int]:
    """Do what a verdict gives, write its outcomes and count its firing. Returns what it awarded by wallet."""
    rule = verdict.rule
    if not verdict.applied:
        work.outcomes.append(Outcome(rule.code, False, 0, verdict.reason))
        return {}
    awarded: dict[str, int] = {}
    reasons: dict[str, str | None] = {}
    for grant in verdict.grants:
        amount = work.give(grant, rule=rule.code, counts=rule.qualifying, own=own)
        awarded[grant.wallet] = awarded.get(grant.wallet, 0) + amount
        reasons[grant.wallet] = verdict.reason or grant.reason or (None if amount else "cap")
    blocked, acted = None, False
    for action in rule.do:
        if action.award is None:
            reason = work.act(action, rule=rule.code, event=event)
            blocked, acted = reason or blocked, acted or reason is None
    for code, amount in awarded.items():
        work.outcomes.append(Outcome(rule.code, amount > 0, amount, reasons[code], code))
    if blocked is not None:
        work.outcomes.append(Outcome(rule.code, False, 0, blocked))
    elif not awarded:
        work.outcomes.append(Outcome(rule.code, True))
    if acted or any(awarded.values()):
        _count_firing(work, rule, event, sum(awarded.values()))
    return awarded


def _count_firing(work: Work, rule: Rule, event: Event, amount: int) -> None:
    pers: set[Per] = {bound.per for bound in (rule.limit, rule.cap) if bound is not None}
    if pers:
        day = local_day(event.at, work.programme.zone)
        counts = fired(work.member.counters.get(rule.code, ()), pers, day, amount=amount)
        work.member = evolve(work.member, counters={**work.member.counters, rule.code: counts})


# ---------------------------------------------------------------- what follows


def _badges_and_tiers(work: Work, event: Event, *, own: bool = False) -> None:
    if not work.member.frozen and event.rule is None:
        for spec in work.programme.badges_on(event.name):
            sight = Sight(work.programme, work.member, event, first=work.before.purchases.count == 0)
            state = work.member.badges.get(spec.code, BadgeState())
            work.badge(spec, state=badges.advance(work.programme, state, spec, sight))
    standing, spec_tiers = work.member.tier, work.programme.tiers
    if standing is None or spec_tiers is None:
        return
    if event.name in spec_tiers.count.on and event.rule is None and not work.member.frozen:
        sight = Sight(work.programme, work.member, event, first=work.before.purchases.count == 0)
        amount = int(counted(spec_tiers.count.of, sight)) if sight.test(spec_tiers.count.when) else 0
        work.count(amount)
        work.counted += amount if own else 0
        standing = work.member.tier
    if standing is not None and standing.days is not (work.before.tier.days if work.before.tier else None):
        seen_on = local_day(work.event.at, work.programme.zone)
        cause = work.event.refund.recorded.key if work.event.refund else work.event.id
        climbed = tiers.climb(work.programme, standing, at=work.at, cause=cause, seen_on=seen_on)
        if climbed is not standing:
            work.stand(climbed)


def _follow(work: Work) -> None:
    """Decide what the row has given rise to, first in first out, then segments and rewards, until nothing more follows."""
    judged: Member | None = None
    while work.queue or judged is not work.member:
        if work.queue:
            event = work.queue.popleft()
            if not _concerns(work.programme, event.name):
                continue
            sight = Sight(work.programme, work.member, event)
            _rules(work, _bench(work, sight, None), own=False)
            _badges_and_tiers(work, event)
            continue
        sight = rewards.glance(work.programme, work.member, work.at)
        judged = work.member
        _segments(work, sight)
        if work.member is not judged:
            sight = rewards.glance(work.programme, work.member, work.at)
        _rewards(work, sight)
        judged = judged if work.queue else work.member


def _concerns(programme: Programme, name: str) -> bool:
    counts = programme.tiers is not None and name in programme.tiers.count.on
    return counts or bool(programme.rules_on(name) or programme.badges_on(name))


def _segments(work: Work, sight: Sight) -> None:
    if work.member.joined_at is None:
        return
    now = frozenset(spec.code for spec in work.programme.segments if sight.test(spec.when))
    was = work.member.segments
    if now == was:
        return
    work.member = evolve(work.member, segments=now)
    for spec in work.programme.segments:
        if spec.code in now - was:
            work.rise(SEGMENT_ENTERED, {"segment": spec.code})
    for code in sorted(was - now):
        work.rise(SEGMENT_LEFT, {"segment": code})


def _rewards(work: Work, sight: Sight) -> None:
    if work.member.joined_at is None:
        return
    now = rewards.unlocked(work.programme, work.member, now=work.at, world=work.world, sight=sight)
    was = work.member.unlocked
    if now == was:
        return
    work.member = evolve(work.member, unlocked=now)
    for spec in rewards.listed(work.programme):
        if spec.code in now - was and spec.announce:
            work.rise(REWARD_UNLOCKED, {"reward": spec.code})

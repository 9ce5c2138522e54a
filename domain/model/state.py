"""Ledger state as flat paths: what a row changed, and folding rows into the state again.

A path is dotted and safe as a database field (`wallets.points.debt`, `lots` keyed by day); its value is a scalar or a short list.
`paths` writes a member's ledger state, `changes` compares two, `fold` applies rows, `restore` reads the state back.
Profile, names and contacts are no ledger state and are never here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TypeVar, cast

from domain.model.decision import Row, Value
from domain.model.events import Line, Profile, Purchase
from domain.model.member import BadgeState, Count, Floor, Judgement, Member, OpenVoucher, PlanHeld, Purchases, ReferralState, Standing, Step
from domain.model.wallet import Lot, Part, Redating, Wallet, merged

Paths = dict[str, Value]
T = TypeVar("T")


# ---------------------------------------------------------------- writing


def paths(member: Member) -> Paths:
    """Return the member's whole ledger state, path by path."""
    return dict(_all(member))


def changes(before: Member, after: Member) -> tuple[Paths, tuple[str, ...]]:
    """Return the paths that differ after a decision, with their new values, and those that are gone."""
    old, new = Paths(), Paths()
    for write, parts in _COMPONENTS:
        if any(getattr(before, part) is not getattr(after, part) for part in parts):
            old.update(write(before))
            new.update(write(after))
    for code, wallet in after.wallets.items():
        was = before.wallets.get(code)
        if was is not wallet:
            # lots and days that are the very same values are left out unread: hundreds of them stay as they are
            same = {id(lot) for lot in was.lots} & {id(lot) for lot in wallet.lots} if was else set()
            if was is not None:
                old.update(_wallet(code, was, same))
            new.update(_wallet(code, wallet, same))
    if before.tier is not after.tier:
        was_days = before.tier.days if before.tier else {}
        days = after.tier.days if after.tier else {}
        old.update(_tier(before))
        new.update(_tier(after))
        if was_days is not days:
            old.update({f"tier.days.{day}": amount for day, amount in was_days.items() if days.get(day) != amount})
            new.update({f"tier.days.{day}": amount for day, amount in days.items() if was_days.get(day) != amount})
    missing = object()
    changed = {path: value for path, value in new.items() if old.get(path, missing) != value}
    return changed, tuple(path for path in old if path not in new)


def _all(member: Member) -> Iterator[tuple[str, Value]]:
    for write, _ in _COMPONENTS:
        yield from write(member).items()
    for code, wallet in member.wallets.items():
        yield from _wallet(code, wallet, set()).items()
    yield from _tier(member).items()
    for day, amount in member.tier.days.items() if member.tier else ():
        yield f"tier.days.{day}", amount


def _plain(member: Member) -> Paths:
    return {
        "joined_at": member.joined_at,
        "frozen": member.frozen,
        "entries": member.entries,
        "issued": member.issued,
        "decided_at": member.decided_at,
    }


def _wallet(code: str, wallet: Wallet, same: set[int]) -> Paths:
    at = f"wallets.{code}."
    out: Paths = {at + name: cast(int, getattr(wallet, name)) for name in _FIGURES}
    out[at + "spans"] = [[s.kind, _text(s.first), _text(s.last), s.tier] for s in wallet.spans]
    out[at + "reminded"] = cast(Value, sorted(map(_text, wallet.reminded)))
    for day, amount in wallet.lapsed.items():
        out[f"{at}lapsed.{day}"] = amount
    for lot in wallet.lots:
        if id(lot) not in same:
            out[f"{at}lots.{_lot_key(lot)}"] = [lot.amount, _text(lot.since), lot.available_at]
    return out


def _tier(member: Member) -> Paths:
    standing = member.tier
    if standing is None:
        return {}
    return {
        "tier.code": standing.code,
        "tier.since": standing.since,
        "tier.term": standing.term,
        "tier.term_from": standing.term_from,
        "tier.held": _day(standing.held),
        "tier.due": _day(standing.due),
        "tier.floors": [[floor.code, floor.until] for floor in standing.floors],
        "tier.steps": [_step(step) for step in standing.steps],
    }


def _step(step: Step) -> Value:
    return [step.origin, step.to, step.at, step.reason, step.cause, step.since, _day(step.held), step.term, step.term_from]


def _badges(member: Member) -> Paths:
    return {f"badges.{code}": [b.progress, b.level, b.earned_at, _day(b.period)] for code, b in member.badges.items()}


def _counters(member: Member) -> Paths:
    return {f"counters.{code}": [[_text(c.start), c.times, c.amount, c.per] for c in counts] for code, counts in member.counters.items()}


def _purchases(member: Member) -> Paths:
    bought = member.purchases
    categories = cast(Value, [[name, amount] for name, amount in bought.categories])
    return {
        "purchases.count": bought.count,
        "purchases.total": bought.total,
        "purchases.first_at": bought.first_at,
        "purchases.last_at": bought.last_at,
        "purchases.categories": categories,
    }


def _plan(member: Member) -> Paths:
    return {"plan": [member.plan.code, member.plan.since, member.plan.until]} if member.plan else {}


def _sets(member: Member) -> Paths:
    return {name: cast(Value, sorted(cast(frozenset[str], getattr(member, name)))) for name in ("tags", "segments", "unlocked")}


def _vouchers(member: Member) -> Paths:
    return {
        f"vouchers.{code}": [v.reward, v.issued_at, v.expires_at, v.wallet, [_part(part) for part in v.taken], v.used_at]
        for code, v in member.vouchers.items()
    }


def _part(part: Part) -> Value:
    return [part.amount, _day(part.expires_on), _text(part.since)]


def _referral(member: Member) -> Paths:
    state = member.referral
    return {
        "referral.by": state.referred_by,
        "referral.qualified": state.qualified,
        "referral.invited": state.invited,
        "referral.friends": state.friends,
        "referral.waiting": [[j.key, j.due, j.at, j.source, _bought(j.purchase)] for j in state.waiting],
    }


_FIGURES = ("debt", "earned", "spent", "expired", "adjusted", "entries")
_COMPONENTS = (
    (_plain, ("joined_at", "frozen", "entries", "issued", "decided_at")),
    (_badges, ("badges",)),
    (_counters, ("counters",)),
    (_purchases, ("purchases",)),
    (_plan, ("plan",)),
    (_sets, ("tags", "segments", "unlocked")),
    (_vouchers, ("vouchers",)),
    (_referral, ("referral",)),
)


def _lot_key(lot: Lot) -> str:
    day = str(lot.expires_on) if lot.expires_on else "never"
    return f"{lot.available_at:%Y-%m-%dT%H}h_{day}" if lot.available_at else day


def _bought(purchase: Purchase) -> Value:
    lines: list[Value] = [[ln.line, ln.sku, ln.amount, ln.quantity, ln.name, ln.category] for ln in purchase.lines]
    return [purchase.external_id, purchase.total, purchase.currency, purchase.store, lines]


def _text(day: date) -> str:
    return day.isoformat()


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ---------------------------------------------------------------- folding and reading back


def fold(rows: Iterable[Row], start: Mapping[str, Value] | None = None) -> Paths:
    """Return the state after rows, by their changes alone, from a member to be or another start; nothing is decided again."""
    state = dict(start) if start is not None else paths(Member(""))
    for row in rows:
        for path in row.removed:
            state.pop(path, None)
        state.update(row.changes)
    return state


def flat(document: Mapping[str, object], prefix: str = "") -> Paths:
    """Return the paths of a nested document, as the database keeps the state."""
    out = Paths()
    for key, value in document.items():
        if isinstance(value, Mapping):
            out.update(flat(cast(Mapping[str, object], value), f"{prefix}{key}."))
        else:
            out[prefix + key] = cast(Value, value)
    return out


def nested(state: Mapping[str, Value]) -> dict[str, object]:
    """Return the document of a state's paths."""
    out: dict[str, object] = {}
    for path, value in state.items():
        *above, last = path.split(".")
        at = out
        for name in above:
            at = cast(dict[str, object], at.setdefault(name, {}))
        at[last] = value
    return out


def restore(document: Mapping[str, object], *, id: str, number: str, profile: Profile, seq: int) -> Member:
    """Return the member of a nested ledger state and what is known of them beside it."""
    at = _Reader(document)
    return Member(
        id=id,
        number=number,
        profile=profile,
        seq=seq,
        joined_at=at.get("joined_at", None),
        frozen=at.get("frozen", False),
        entries=at.get("entries", 0),
        issued=at.get("issued", 0),
        decided_at=at.get("decided_at", None),
        wallets={code: _read_wallet(_Reader(one)) for code, one in at.map("wallets")},
        tier=_read_tier(_Reader(tier)) if (tier := at.get("tier", cast(Mapping[str, object] | None, None))) else None,
        badges={code: _read_badge(one) for code, one in at.lists("badges")},
        counters={code: tuple(Count(_date(c[0]), c[1], c[2], c[3]) for c in counts) for code, counts in at.lists("counters")},
        purchases=_read_purchases(_Reader(at.get("purchases", {}))),
        plan=PlanHeld(*plan) if (plan := at.get("plan", cast(list[object], []))) else None,  # type: ignore[arg-type]
        tags=frozenset(at.get("tags", list[str]())),
        segments=frozenset(at.get("segments", list[str]())),
        unlocked=frozenset(at.get("unlocked", list[str]())),
        vouchers={code: _read_voucher(one) for code, one in at.lists("vouchers")},
        referral=_read_referral(_Reader(at.get("referral", {}))),
    )


class _Reader:
    """Typed reading of a state document: its shape is ours alone, written by `paths`."""

    def __init__(self, document: object) -> None:
        self._at = cast(Mapping[str, object], document)

    def get(self, name: str, default: T) -> T:
        return cast(T, self._at.get(name, default))

    def map(self, name: str) -> Iterator[tuple[str, object]]:
        yield from self.get(name, dict[str, object]()).items()

    def lists(self, name: str) -> Iterator[tuple[str, list]]:  # type: ignore[type-arg]
        yield from self.get(name, dict[str, list]()).items()  # type: ignore[type-arg]


def _read_wallet(at: _Reader) -> Wallet:
    lots = [Lot(one[0], one[2], _lot_day(key), _date(one[1])) for key, one in at.lists("lots")]
    return Wallet(
        lots=merged(lots),
        debt=at.get("debt", 0),
        earned=at.get("earned", 0),
        spent=at.get("spent", 0),
        expired=at.get("expired", 0),
        adjusted=at.get("adjusted", 0),
        entries=at.get("entries", 0),
        spans=tuple(Redating(s[0], _date(s[1]), _date(s[2]), s[3]) for s in at.get("spans", cast(list[list], []))),  # type: ignore[type-arg]
        lapsed={_date(day): cast(int, amount) for day, amount in at.map("lapsed")},
        reminded=frozenset(map(_date, at.get("reminded", list[str]()))),
    )


def _read_tier(at: _Reader) -> Standing:
    return Standing(
        code=at.get("code", ""),
        since=at.get("since", datetime.min.replace(tzinfo=UTC)),
        days={_date(day): cast(int, amount) for day, amount in at.map("days")},
        term=at.get("term", 0),
        term_from=at.get("term_from", None),
        held=_maybe(at.get("held", cast(str | None, None))),
        due=_maybe(at.get("due", cast(str | None, None))),
        floors=tuple(Floor(one[0], one[1]) for one in at.get("floors", cast(list[list], []))),  # type: ignore[type-arg]
        steps=tuple(_read_step(one) for one in at.get("steps", cast(list[list], []))),  # type: ignore[type-arg]
    )


def _read_step(one: list) -> Step:  # type: ignore[type-arg]
    return Step(one[0], one[1], one[2], one[3], one[4], one[5], _maybe(one[6]), one[7], one[8])


def _read_badge(one: list) -> BadgeState:  # type: ignore[type-arg]
    return BadgeState(one[0], one[1], one[2], _maybe(one[3]))


def _read_purchases(at: _Reader) -> Purchases:
    categories = tuple((name, amount) for name, amount in at.get("categories", cast(list[tuple[str, int]], [])))
    return Purchases(at.get("count", 0), at.get("total", 0), at.get("first_at", None), at.get("last_at", None), categories)


def _read_voucher(one: list) -> OpenVoucher:  # type: ignore[type-arg]
    return OpenVoucher(one[0], one[1], one[2], one[3], tuple(Part(p[0], _maybe(p[1]), _date(p[2])) for p in one[4]), one[5])


def _read_referral(at: _Reader) -> ReferralState:
    waiting = tuple(Judgement(j[0], j[1], j[2], j[3], _read_bought(j[4])) for j in at.get("waiting", cast(list[list], [])))  # type: ignore[type-arg]
    return ReferralState(at.get("by", None), at.get("qualified", False), waiting, at.get("invited", 0), at.get("friends", 0))


def _read_bought(one: list) -> Purchase:  # type: ignore[type-arg]
    lines = tuple(Line(line=ln[0], sku=ln[1], amount=ln[2], quantity=ln[3], name=ln[4], category=ln[5]) for ln in one[4])
    return Purchase(one[0], one[1], one[2], one[3], lines)


def _lot_day(key: str) -> date | None:
    day = key.rpartition("_")[2]
    return None if day == "never" else _date(day)


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _maybe(text: str | None) -> date | None:
    return _date(text) if text else None


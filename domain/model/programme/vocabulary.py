"""What expressions and messages may name, by event. The one table behind the check, the samples and the
reference in README.md.

A path that ends in a map by code (`member.badges`) goes one step further with a code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Section = Literal[
    "wallets", "tiers", "badges", "rewards", "segments", "plans", "consents", "surveys", "rules", "locales"
]
VariableKind = Literal["text", "whole", "truth", "day", "instant", "texts", "by_code", "lines"]


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that expressions may read: its kind, and the section of the file that its codes come from."""

    kind: VariableKind
    code_section: Section | None = None


MEMBER_VARIABLES: Final[Mapping[str, Variable]] = {
    "member.number": Variable("text"),
    "member.tier": Variable("text", code_section="tiers"),
    "member.tags": Variable("texts"),
    "member.segments": Variable("texts", code_section="segments"),
    "member.locale": Variable("text", code_section="locales"),
    "member.plan": Variable("text", code_section="plans"),
    "member.joined_at": Variable("instant"),
    "member.birthday": Variable("day"),
    "member.consents": Variable("texts", code_section="consents"),
    "member.balance": Variable("by_code", code_section="wallets"),
    "member.earned": Variable("by_code", code_section="wallets"),
    "member.purchases.count": Variable("whole"),
    "member.purchases.total": Variable("whole"),
    "member.purchases.average": Variable("whole"),
    "member.purchases.categories": Variable("by_code"),
    "member.last_purchase_at": Variable("instant"),
    "member.days_since_purchase": Variable("whole"),
    "member.days_since_joining": Variable("whole"),
    "member.badges": Variable("by_code", code_section="badges"),
    "member.referrals": Variable("whole"),
}
MEMBER_FIELDS: Final = frozenset(path.split(".")[1] for path in MEMBER_VARIABLES)

NOW_VARIABLE: Final[Mapping[str, Variable]] = {"now": Variable("instant")}

EVENT_VARIABLES: Final[Mapping[str, Variable]] = {
    "event.name": Variable("text"),
    "event.at": Variable("instant"),
    "event.source": Variable("text"),
}

PURCHASE_VARIABLES: Final[Mapping[str, Variable]] = {
    "purchase.total": Variable("whole"),
    "purchase.eligible": Variable("whole"),
    "purchase.currency": Variable("text"),
    "purchase.source": Variable("text"),
    "purchase.store": Variable("text"),
    "purchase.first": Variable("truth"),
    "purchase.lines": Variable("lines"),
}

LINE_VARIABLES: Final[Mapping[str, Variable]] = {
    "line.sku": Variable("text"),
    "line.name": Variable("text"),
    "line.category": Variable("text"),
    "line.quantity": Variable("whole"),
    "line.amount": Variable("whole"),
}

# Maps that stand between a root and its words; naming `member` whole is refused, since only what is named of
# it is built.
RECORD_PATHS: Final = frozenset({"event", "event.data", "purchase", "line", "member.purchases"})

_VOUCHER_DATA: Final = {
    "reward": Variable("text", code_section="rewards"),
    "voucher": Variable("text"),
}
_POINTS_DATA: Final = {
    "wallet": Variable("text", code_section="wallets"),
    "amount": Variable("whole"),
    "on": Variable("day"),
}
_PLAN_DATA: Final = {
    "plan": Variable("text", code_section="plans"),
    "until": Variable("text"),
}
_SEGMENT_DATA: Final = {"segment": Variable("text", code_section="segments")}

BUILT_IN_EVENTS: Final[Mapping[str, Mapping[str, Variable]]] = {
    "member.enrolled": {},
    "member.consented": {"purpose": Variable("text", code_section="consents"), "granted": Variable("truth")},
    "member.birthday": {"years": Variable("whole")},
    "member.anniversary": {"years": Variable("whole")},
    "purchase.completed": {},
    "purchase.refunded": {},
    "reward.redeemed": _VOUCHER_DATA,
    "voucher.used": _VOUCHER_DATA,
    "voucher.cancelled": _VOUCHER_DATA,
    "voucher.expired": _VOUCHER_DATA,
    "balance.adjusted": {
        "wallet": Variable("text", code_section="wallets"),
        "amount": Variable("whole"),
        "reason": Variable("text"),
    },
    "referral.qualified": {"friend": Variable("text")},
    "referral.unmade": {"friend": Variable("text")},
    "plan.started": _PLAN_DATA,
    "plan.renewed": _PLAN_DATA,
    "plan.ended": _PLAN_DATA,
    "survey.answered": {"survey": Variable("text", code_section="surveys"), "score": Variable("whole")},
    "schedule": {"rule": Variable("text", code_section="rules")},
    "points.awarded": _POINTS_DATA,
    "points.expiring": _POINTS_DATA,
    "points.expired": _POINTS_DATA,
    "tier.changed": {
        "from": Variable("text", code_section="tiers"),
        "to": Variable("text", code_section="tiers"),
        "up": Variable("truth"),
        "reason": Variable("text"),
    },
    "badge.earned": {"badge": Variable("text", code_section="badges"), "level": Variable("whole")},
    "reward.unlocked": {"reward": Variable("text", code_section="rewards")},
    "segment.entered": _SEGMENT_DATA,
    "segment.left": _SEGMENT_DATA,
}

EVENTS_WITH_PURCHASE: Final = frozenset({"purchase.completed", "purchase.refunded"})

DECLARED_KINDS: Final[Mapping[str, VariableKind]] = {
    "string": "text",
    "int": "whole",
    "bool": "truth",
    "date": "day",
}

# What a message's texts may hold between braces: always, and on the events that bring it. {event.FIELD} is
# any field of the event's data.
COMMON_PLACEHOLDERS: Final = frozenset({"member.name", "member.number", "member.balance", "programme.name"})
_REWARD_PLACEHOLDERS: Final = frozenset({"reward.title", "reward.code"})
_POINTS_PLACEHOLDERS: Final = frozenset({"points.amount", "points.on", "points.wallet"})
_PLAN_PLACEHOLDERS: Final = frozenset({"plan.name", "plan.code", "plan.until"})
EVENT_PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    "reward.unlocked": _REWARD_PLACEHOLDERS,
    "reward.redeemed": _REWARD_PLACEHOLDERS,
    "voucher.used": _REWARD_PLACEHOLDERS,
    "voucher.cancelled": _REWARD_PLACEHOLDERS,
    "voucher.expired": _REWARD_PLACEHOLDERS,
    "badge.earned": frozenset({"badge.name", "badge.code", "badge.level"}),
    "tier.changed": frozenset({"tier.name", "tier.code"}),
    "points.awarded": frozenset({"points.amount", "points.wallet"}),
    "points.expiring": _POINTS_PLACEHOLDERS,
    "points.expired": _POINTS_PLACEHOLDERS,
    "purchase.completed": frozenset({"purchase.total"}),
    "purchase.refunded": frozenset({"purchase.total"}),
    "plan.started": _PLAN_PLACEHOLDERS,
    "plan.renewed": _PLAN_PLACEHOLDERS,
    "plan.ended": _PLAN_PLACEHOLDERS,
}


def event_variables(fields: Mapping[str, Variable]) -> dict[str, Variable]:
    """Return the words of an event with these data fields."""
    return {**EVENT_VARIABLES, **{f"event.data.{name}": word for name, word in fields.items()}}

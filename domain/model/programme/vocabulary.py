"""The variables of expressions and the placeholders of messages, by event. The checks, the samples and the
reference in README.md all follow this table.

A path that ends in a map by code (`member.badges`) can be followed by a code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from domain.model import event_names
from domain.model.values import dataclass

Section = Literal[
    "wallets",
    "tiers",
    "badges",
    "rewards",
    "categories",
    "segments",
    "plans",
    "codes",
    "batches",
    "code_names",
    "consents",
    "surveys",
    "leaderboards",
    "rules",
    "locales",
]
VariableKind = Literal[
    "text", "whole", "truth", "day", "instant", "texts", "by_code", "lines", "favourite", "attributes"
]


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that expressions may read: its kind, and the section of the file that its codes come from,
    or the values that it may have.
    """

    kind: VariableKind
    code_section: Section | None = None
    choices: tuple[str, ...] = ()


MEMBER_VARIABLES: Final[Mapping[str, Variable]] = {
    "member.number": Variable("text"),
    "member.tier": Variable("text", code_section="tiers"),
    "member.tags": Variable("texts"),
    "member.segments": Variable("texts", code_section="segments"),
    "member.locale": Variable("text", code_section="locales"),
    "member.plan": Variable("text", code_section="plans"),
    "member.code": Variable("text", code_section="code_names"),
    "member.attributes": Variable("attributes"),
    "member.joined_at": Variable("instant"),
    "member.birthday": Variable("day"),
    "member.consents": Variable("texts", code_section="consents"),
    "member.balance": Variable("by_code", code_section="wallets"),
    "member.earned": Variable("by_code", code_section="wallets"),
    "member.purchases.count": Variable("whole"),
    "member.purchases.total": Variable("whole"),
    "member.purchases.average": Variable("whole"),
    "member.purchases.categories": Variable("by_code"),
    "member.purchases.quantities": Variable("by_code"),
    "member.favourite": Variable("favourite"),
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
    "purchase.paid": Variable("whole"),
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

# Maps between a root and its variables. `member` as a whole is refused: only fields that are read are built.
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
    event_names.ENROLLED: {},
    event_names.CONSENTED: {
        "purpose": Variable("text", code_section="consents"),
        "granted": Variable("truth"),
    },
    event_names.ATTRIBUTES_CHANGED: {"attributes": Variable("texts")},
    event_names.MERGED: {},
    event_names.BIRTHDAY: {"years": Variable("whole")},
    event_names.ANNIVERSARY: {"years": Variable("whole")},
    event_names.INACTIVE: {"on": Variable("text")},
    event_names.PURCHASED: {},
    event_names.REFUNDED: {},
    event_names.REDEEMED: _VOUCHER_DATA,
    event_names.VOUCHER_USED: _VOUCHER_DATA,
    event_names.VOUCHER_CANCELLED: _VOUCHER_DATA,
    event_names.VOUCHER_EXPIRED: _VOUCHER_DATA,
    event_names.ADJUSTED: {
        "wallet": Variable("text", code_section="wallets"),
        "amount": Variable("whole"),
        "reason": Variable("text"),
    },
    event_names.REFERRAL_QUALIFIED: {"friend": Variable("text")},
    event_names.REFERRAL_UNMADE: {"friend": Variable("text")},
    event_names.CODE_ENTERED: {
        "code": Variable("text", code_section="codes"),
        "batch": Variable("text", code_section="batches"),
    },
    event_names.PLAN_STARTED: _PLAN_DATA,
    event_names.PLAN_RENEWED: _PLAN_DATA,
    event_names.PLAN_ENDED: _PLAN_DATA,
    event_names.CHALLENGE_ACCEPTED: {
        "badge": Variable("text", code_section="badges"),
        "target": Variable("whole"),
    },
    event_names.LEADERBOARD_ENDED: {
        "leaderboard": Variable("text", code_section="leaderboards"),
        "period": Variable("text"),
        "rank": Variable("whole"),
    },
    event_names.SURVEY_ANSWERED: {
        "survey": Variable("text", code_section="surveys"),
        "score": Variable("whole"),
    },
    event_names.SCHEDULE: {"rule": Variable("text", code_section="rules")},
    event_names.POINTS_AWARDED: _POINTS_DATA,
    event_names.POINTS_EXPIRING: _POINTS_DATA,
    event_names.POINTS_EXPIRED: _POINTS_DATA,
    event_names.TIER_CHANGED: {
        "from": Variable("text", code_section="tiers"),
        "to": Variable("text", code_section="tiers"),
        "up": Variable("truth"),
        "reason": Variable("text"),
    },
    event_names.BADGE_EARNED: {"badge": Variable("text", code_section="badges"), "level": Variable("whole")},
    event_names.REWARD_UNLOCKED: {"reward": Variable("text", code_section="rewards")},
    event_names.SEGMENT_ENTERED: _SEGMENT_DATA,
    event_names.SEGMENT_LEFT: _SEGMENT_DATA,
}

EVENTS_WITH_PURCHASE: Final = frozenset({event_names.PURCHASED, event_names.REFUNDED})

DECLARED_KINDS: Final[Mapping[str, VariableKind]] = {
    "string": "text",
    "int": "whole",
    "bool": "truth",
    "date": "day",
    "choice": "text",
}

# The placeholders of a message: on every event, and on certain events. {event.FIELD} is any field of the
# event's data.
COMMON_PLACEHOLDERS: Final = frozenset({"member.name", "member.number", "member.balance", "programme.name"})
_REWARD_PLACEHOLDERS: Final = frozenset({"reward.title", "reward.code"})
_POINTS_PLACEHOLDERS: Final = frozenset({"points.amount", "points.on", "points.wallet"})
_PLAN_PLACEHOLDERS: Final = frozenset({"plan.name", "plan.code", "plan.until"})
EVENT_PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    event_names.REWARD_UNLOCKED: _REWARD_PLACEHOLDERS,
    event_names.REDEEMED: _REWARD_PLACEHOLDERS,
    event_names.VOUCHER_USED: _REWARD_PLACEHOLDERS,
    event_names.VOUCHER_CANCELLED: _REWARD_PLACEHOLDERS,
    event_names.VOUCHER_EXPIRED: _REWARD_PLACEHOLDERS,
    event_names.BADGE_EARNED: frozenset({"badge.name", "badge.code", "badge.level"}),
    event_names.CHALLENGE_ACCEPTED: frozenset({"badge.name", "badge.code"}),
    event_names.TIER_CHANGED: frozenset({"tier.name", "tier.code"}),
    event_names.POINTS_AWARDED: frozenset({"points.amount", "points.wallet"}),
    event_names.POINTS_EXPIRING: _POINTS_PLACEHOLDERS,
    event_names.POINTS_EXPIRED: _POINTS_PLACEHOLDERS,
    event_names.PURCHASED: frozenset({"purchase.total"}),
    event_names.REFUNDED: frozenset({"purchase.total"}),
    event_names.PLAN_STARTED: _PLAN_PLACEHOLDERS,
    event_names.PLAN_RENEWED: _PLAN_PLACEHOLDERS,
    event_names.PLAN_ENDED: _PLAN_PLACEHOLDERS,
}

# The placeholders whose number or code can choose words; {event.FIELD} is of the field's own kind.
PLACEHOLDER_VALUES: Final[Mapping[str, Variable]] = {
    **dict.fromkeys(("member.name", "member.number", "programme.name"), Variable("text")),
    **dict.fromkeys(("points.on", "plan.until"), Variable("day")),
    "member.balance": Variable("whole"),
    "points.amount": Variable("whole"),
    "points.wallet": Variable("text", code_section="wallets"),
    "badge.level": Variable("whole"),
    "purchase.total": Variable("whole"),
    **dict.fromkeys(("reward.title", "reward.code"), Variable("text", code_section="rewards")),
    **dict.fromkeys(("badge.name", "badge.code"), Variable("text", code_section="badges")),
    **dict.fromkeys(("tier.name", "tier.code"), Variable("text", code_section="tiers")),
    **dict.fromkeys(("plan.name", "plan.code"), Variable("text", code_section="plans")),
}


def event_variables(fields: Mapping[str, Variable]) -> dict[str, Variable]:
    """Return the variables of an event with these data fields."""
    return {**EVENT_VARIABLES, **{f"event.data.{name}": variable for name, variable in fields.items()}}

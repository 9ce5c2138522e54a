"""What expressions and messages may name, by event. The one table behind the check, the samples and the
reference in README.md.

A path that ends in a map by code (`member.badges`) goes one step further with a code. Null is what a nullable
word may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Section = Literal[
    "wallets", "tiers", "badges", "rewards", "segments", "plans", "consents", "surveys", "rules", "locales"
]
Kind = Literal["text", "whole", "truth", "day", "instant", "texts", "by_code", "lines"]


@dataclass(frozen=True, slots=True)
class Word:
    """One thing to name: what it is, whether it can be null, and of which section of the file its codes
    are.
    """

    kind: Kind
    nullable: bool = False
    codes: Section | None = None


MEMBER: Final[Mapping[str, Word]] = {
    "member.number": Word("text"),
    "member.tier": Word("text", nullable=True, codes="tiers"),
    "member.tags": Word("texts"),
    "member.segments": Word("texts", codes="segments"),
    "member.locale": Word("text", codes="locales"),
    "member.plan": Word("text", nullable=True, codes="plans"),
    "member.joined_at": Word("instant"),
    "member.birthday": Word("day", nullable=True),
    "member.consents": Word("texts", codes="consents"),
    "member.balance": Word("by_code", codes="wallets"),
    "member.earned": Word("by_code", codes="wallets"),
    "member.purchases.count": Word("whole"),
    "member.purchases.total": Word("whole"),
    "member.purchases.average": Word("whole"),
    "member.purchases.categories": Word("by_code"),
    "member.last_purchase_at": Word("instant", nullable=True),
    "member.days_since_purchase": Word("whole", nullable=True),
    "member.days_since_joining": Word("whole"),
    "member.badges": Word("by_code", codes="badges"),
    "member.referrals": Word("whole"),
}
MEMBER_FIELDS: Final = frozenset(path.split(".")[1] for path in MEMBER)

NOW: Final[Mapping[str, Word]] = {"now": Word("instant")}

EVENT: Final[Mapping[str, Word]] = {
    "event.name": Word("text"),
    "event.at": Word("instant"),
    "event.source": Word("text"),
}

PURCHASE: Final[Mapping[str, Word]] = {
    "purchase.total": Word("whole"),
    "purchase.eligible": Word("whole"),
    "purchase.currency": Word("text"),
    "purchase.source": Word("text"),
    "purchase.store": Word("text", nullable=True),
    "purchase.first": Word("truth"),
    "purchase.lines": Word("lines"),
}

LINE: Final[Mapping[str, Word]] = {
    "line.sku": Word("text"),
    "line.name": Word("text", nullable=True),
    "line.category": Word("text", nullable=True),
    "line.quantity": Word("whole"),
    "line.amount": Word("whole"),
}

# Maps that stand between a root and its words; naming `member` whole is refused, since only what is named of
# it is built.
RECORDS: Final = frozenset({"event", "event.data", "purchase", "line", "member.purchases"})

_VOUCHER: Final = {"reward": Word("text", codes="rewards"), "voucher": Word("text", nullable=True)}
_POINTS: Final = {
    "wallet": Word("text", codes="wallets"),
    "amount": Word("whole"),
    "on": Word("day", nullable=True),
}
_PLAN: Final = {"plan": Word("text", nullable=True, codes="plans"), "until": Word("text", nullable=True)}
_SEGMENT: Final = {"segment": Word("text", codes="segments")}

BUILT_IN: Final[Mapping[str, Mapping[str, Word]]] = {
    "member.enrolled": {},
    "member.consented": {"purpose": Word("text", codes="consents"), "granted": Word("truth")},
    "member.birthday": {"years": Word("whole")},
    "member.anniversary": {"years": Word("whole")},
    "purchase.completed": {},
    "purchase.refunded": {},
    "reward.redeemed": _VOUCHER,
    "voucher.used": _VOUCHER,
    "voucher.cancelled": _VOUCHER,
    "voucher.expired": _VOUCHER,
    "balance.adjusted": {
        "wallet": Word("text", codes="wallets"),
        "amount": Word("whole"),
        "reason": Word("text"),
    },
    "referral.qualified": {"friend": Word("text", nullable=True)},
    "plan.started": _PLAN,
    "plan.renewed": _PLAN,
    "plan.ended": _PLAN,
    "survey.answered": {"survey": Word("text", codes="surveys"), "score": Word("whole")},
    "schedule": {"rule": Word("text", codes="rules")},
    "points.awarded": _POINTS,
    "points.expiring": _POINTS,
    "points.expired": _POINTS,
    "tier.changed": {
        "from": Word("text", nullable=True, codes="tiers"),
        "to": Word("text", codes="tiers"),
        "up": Word("truth"),
        "reason": Word("text"),
    },
    "badge.earned": {"badge": Word("text", codes="badges"), "level": Word("whole")},
    "reward.unlocked": {"reward": Word("text", codes="rewards")},
    "segment.entered": _SEGMENT,
    "segment.left": _SEGMENT,
}

WITH_PURCHASE: Final = frozenset({"purchase.completed", "purchase.refunded"})

DECLARED: Final[Mapping[str, Kind]] = {"string": "text", "int": "whole", "bool": "truth", "date": "day"}

# What a message's texts may hold between braces: always, and on the events that bring it. {event.FIELD} is
# any field of the event's data.
ALWAYS: Final = frozenset({"member.name", "member.number", "member.balance", "programme.name"})
_REWARD_WORDS: Final = frozenset({"reward.title", "reward.code"})
_POINTS_WORDS: Final = frozenset({"points.amount", "points.on", "points.wallet"})
_PLAN_WORDS: Final = frozenset({"plan.name", "plan.code", "plan.until"})
PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    "reward.unlocked": _REWARD_WORDS,
    "reward.redeemed": _REWARD_WORDS,
    "voucher.used": _REWARD_WORDS,
    "voucher.cancelled": _REWARD_WORDS,
    "voucher.expired": _REWARD_WORDS,
    "badge.earned": frozenset({"badge.name", "badge.code", "badge.level"}),
    "tier.changed": frozenset({"tier.name", "tier.code"}),
    "points.awarded": frozenset({"points.amount", "points.wallet"}),
    "points.expiring": _POINTS_WORDS,
    "points.expired": _POINTS_WORDS,
    "purchase.completed": frozenset({"purchase.total"}),
    "purchase.refunded": frozenset({"purchase.total"}),
    "plan.started": _PLAN_WORDS,
    "plan.renewed": _PLAN_WORDS,
    "plan.ended": _PLAN_WORDS,
}


def event_words(fields: Mapping[str, Word]) -> dict[str, Word]:
    """Return the words of an event with these data fields."""
    return {**EVENT, **{f"event.data.{name}": word for name, word in fields.items()}}

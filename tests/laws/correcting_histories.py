"""Random histories with a receipt that is put right, beside their twins: one in which nothing was wrong, and one
in which it was recorded right at first.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from domain.model.ledger.decide import at_instant
from domain.model.ledger.events import Json
from tests.laws.returning_histories import (
    CORRECTED_TOTALS,
    TOTALS,
    WHO,
    Story,
    StoryRun,
    holdings,
    random_story,
)

# What follows the way, and not the end alone: it counts the amount of an award, or of the purchase that reached a
# level, as it came; takes of what is there then; or gives for each step on the ladder. The programme reference says
# so of corrections.
BY_THE_WAY = frozenset(
    (
        *("awarded", "awarded_later", "levy", "any_tier", "left", "up", "up_later"),
        *("points", "shine", "amt", "receipts", "coins", "risen"),
        *("floor", "for_good", "share", "fee", "share_fee", "starred"),
    )
)
RECEIPT = "right"


def plain_story(random: Random) -> Story:
    """Return a story whose programme gives by where things end, not by the way there."""
    story = random_story(random, with_spending=False)
    shape = story.shape

    def plain(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name not in BY_THE_WAY)

    shape = replace(
        shape,
        purchase_rules=plain(shape.purchase_rules),
        raised_rules=plain(shape.raised_rules),
        badges=tuple(name for name in plain(shape.badges) if name != "coins"),
        referral=0,
        expiry=shape.expiry % 2,  # without those that a tier held for a while moves
    )
    return replace(story, shape=shape, steps=story.steps[: random.choice((0, 0, 1, 2, 4, 6))])


def begun(story: Story) -> StoryRun:
    """Live through a story, and leave the receipts that stand."""
    run = StoryRun(story)
    run.send("ana", "member.enrolled", {})
    run.send("bob", "member.enrolled", {"referredBy": "ana"})
    for who in WHO if "taken" in story.shape.badges else ():
        run.send(who, "challenge.accepted", {"badge": "taken"})
    for step in story.steps:
        run.live(step)
    return run


def receipt(total: int, number: int) -> dict[str, Json]:
    """Return a receipt of a total; the number says which lines it has."""
    items: list[Json] = [
        {"category": "coins", "quantity": 1 + number % 3, "amount": total // 3},
        {
            "category": "gift" if number % 4 == 3 else "stamps",
            "quantity": 2,
            "amount": total - total // 3,
        },
    ]
    return {"externalId": RECEIPT, "total": total, "lines": items[: number % 3]}


def two_totals(random: Random) -> tuple[int, int]:
    """Return what was recorded, and another total."""
    first, second = random.sample(sorted({*TOTALS, *CORRECTED_TOTALS}), 2)
    return first, second


def differences(run: StoryRun, twin: StoryRun) -> list[str]:
    """Return in what members differ: what they hold, and what counts toward tiers and badges."""
    out = list[str]()
    for who in WHO:
        mine, theirs = _picture(run, who), _picture(twin, who)
        out += [
            f"{who}: {name}: {mine[name]} for {theirs[name]}" for name in mine if mine[name] != theirs[name]
        ]
    return out


def _picture(run: StoryRun, who: str) -> dict[str, object]:
    member = at_instant(run.programme, run.members[who], now=run.clock)
    assert member.tier is not None
    bought = member.purchases
    held = dict(vars(holdings(run, who)))
    held |= {
        "progress": {code: badge.progress for code, badge in member.badges.items()},
        "levels": {code: badge.level for code, badge in member.badges.items()},
        "days": sum(member.tier.days.values()),
        "counts": {name: sum(tally.days.values()) for name, tally in member.tier.tallies.items()},
        "bought": (bought.total, bought.standing),
        "categories": {code: one.amount for code, one in bought.categories.items()},
        "unlocked": member.unlocked,
        "segments": member.segments,
    }
    return {
        name: {key: value for key, value in what.items() if value} if isinstance(what, dict) else what
        for name, what in held.items()
    }

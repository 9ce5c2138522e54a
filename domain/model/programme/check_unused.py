"""What is allowed and yet probably not meant: parts that nothing uses, and words that have no effect.
Warnings, all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from domain.model.programme.faults import Finding
from domain.model.programme.view import View


def check_unused(view: View) -> Iterator[Finding]:
    """Warn of what has no effect."""
    programme = view.programme
    groups = Counter(rule.best_of for rule in programme.rules)
    for at, rule in enumerate(programme.rules):
        if rule.best_of is not None and groups[rule.best_of] == 1:
            yield _hint(
                ("rules", at, "best_of"),
                f"{rule.best_of} has this rule alone, which is always the best",
                "add a rule to it",
            )
    if programme.tiers is None and not programme.plans:
        for doing in view.doings:
            if doing.action.award is not None and doing.action.award.tiered:
                yield _hint(
                    (*doing.path, "award", "tiered"),
                    "there is no tier or plan to multiply by",
                    "remove tiered, or add tiers",
                )
    for at, wallet in enumerate(programme.wallets):
        if wallet.remind is not None and wallet.expiry.never:
            yield _hint(
                ("wallets", at, "remind"),
                "nothing lapses, so there is nothing to remind of",
                "remove it, or add expiry",
            )
    yield from _unsent(view)
    yield from _rewards(view)


def _unsent(view: View) -> Iterator[Finding]:
    sent = {doing.action.message for doing in view.doings}
    asked = {doing.action.survey for doing in view.doings}
    for at, message in enumerate(view.programme.messages):
        if message.code not in sent:
            yield _hint(
                ("messages", at), f"nothing sends {message.code}", "name it in a rule's do, or remove it"
            )
        if message.quiet and view.programme.programme.quiet_hours is None:
            yield _hint(
                ("messages", at, "quiet"),
                "there are no quiet hours to wait for",
                "add quiet_hours to programme",
            )
    for at, survey in enumerate(view.programme.surveys):
        if survey.code not in asked:
            yield _hint(
                ("surveys", at), f"nothing asks {survey.code}", "name it in a rule's do, or remove it"
            )


def _rewards(view: View) -> Iterator[Finding]:
    given = {doing.action.voucher for doing in view.doings}
    for at, reward in enumerate(view.programme.rewards):
        if reward.cost is None and reward.code not in given:
            yield _hint(
                ("rewards", at),
                f"{reward.code} has no cost and nothing gives it",
                "add cost, or give it in a rule's do",
            )
        worth = {
            "discount_amount": reward.value and reward.value.amount,
            "discount_percent": reward.value and reward.value.percent,
        }
        if not worth.get(reward.kind, True):
            yield _hint(
                ("rewards", at, "value"),
                "the discount is worth nothing",
                "add value: {amount: N} in minor units, or {percent: N}",
            )
        if reward.when is not None and reward.lock is None:
            yield _hint(
                ("rewards", at, "when"),
                "members are not told what unlocks it",
                "add lock: what unlocks it, in words",
            )


def _hint(path: tuple[str | int, ...], message: str, remedy: str) -> Finding:
    return Finding(path, message, remedy, hint=True)

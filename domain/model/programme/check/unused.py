"""Parts that nothing uses and keys that have no effect, as warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding
from domain.model.programme.messages import PROFILING


def check_unused(checked_file: CheckedFile) -> Iterator[Finding]:
    """Warn of parts and keys that have no effect."""
    programme = checked_file.programme
    groups = Counter(rule.best_of for rule in programme.rules)
    for index, rule in enumerate(programme.rules):
        if rule.best_of is not None and groups[rule.best_of] == 1:
            yield _warning(
                ("rules", index, "best_of"),
                FaultText("{best_of} has this rule alone, which is always the best", best_of=rule.best_of),
                FaultText("write best_of: {best_of} in another rule too, or remove it", best_of=rule.best_of),
            )
    if programme.tiers is None and not programme.plans:
        for placed in checked_file.actions:
            if placed.action.award is not None and placed.action.award.tiered:
                yield _warning(
                    (*placed.path, "award", "tiered"),
                    FaultText("there is no tier or plan to multiply by"),
                    FaultText("remove tiered, or add tiers"),
                )
    for index, wallet in enumerate(programme.wallets):
        if wallet.remind is not None and wallet.expiry.never:
            yield _warning(
                ("wallets", index, "remind"),
                FaultText("nothing lapses, so there is nothing to remind of"),
                FaultText("remove it, or add expiry"),
            )
    yield from _unused_caps(checked_file)
    yield from _unused_messages(checked_file)
    yield from _unused_rewards(checked_file)


def _unused_caps(checked_file: CheckedFile) -> Iterator[Finding]:
    rules = checked_file.programme.rules
    uses = Counter(rule.capped_by for rule in rules)
    for index, cap in enumerate(checked_file.programme.caps):
        remedy = FaultText("write capped_by: {code} in rules, or remove it", code=cap.code)
        if not uses[cap.code]:
            yield _warning(("caps", index), FaultText("no rule is capped by {code}", code=cap.code), remedy)
    for index, rule in enumerate(rules):
        if rule.capped_by is not None and not any(action.award is not None for action in rule.all_actions):
            yield _warning(
                ("rules", index, "capped_by"),
                FaultText("the rule awards nothing that a cap could bound"),
                FaultText("remove it"),
            )


def _unused_messages(checked_file: CheckedFile) -> Iterator[Finding]:
    sent_messages = {doing.action.message for doing in checked_file.actions}
    asked_surveys = {doing.action.survey for doing in checked_file.actions}
    for index, message in enumerate(checked_file.programme.messages):
        if message.code not in sent_messages:
            yield _warning(
                ("messages", index),
                FaultText("nothing sends {code}", code=message.code),
                FaultText("name it in a rule's do, or remove it"),
            )
        if message.quiet and checked_file.programme.programme.quiet_hours is None:
            yield _warning(
                ("messages", index, "quiet"),
                FaultText("there are no quiet hours to wait for"),
                FaultText("add quiet_hours to programme"),
            )
    for index, survey in enumerate(checked_file.programme.surveys):
        if survey.code not in asked_surveys:
            yield _warning(
                ("surveys", index),
                FaultText("nothing asks {code}", code=survey.code),
                FaultText("name it in a rule's do, or remove it"),
            )


def _unused_rewards(checked_file: CheckedFile) -> Iterator[Finding]:
    granted_rewards = {doing.action.voucher for doing in checked_file.actions}
    for index, reward in enumerate(checked_file.programme.rewards):
        if reward.cost is None and reward.code not in granted_rewards:
            yield _warning(
                ("rewards", index),
                FaultText("{code} has no cost and nothing gives it", code=reward.code),
                FaultText("add cost, or give it in a rule's do"),
            )
        worth = {
            "discount_amount": (
                reward.value and reward.value.amount,
                FaultText("amount: 500, in minor units"),
            ),
            "discount_percent": (reward.value and reward.value.percent, "percent: 10"),
        }
        discount, example = worth.get(reward.kind, (True, ""))
        if not discount:
            yield _warning(
                ("rewards", index, "value"),
                FaultText("the discount is worth nothing"),
                FaultText("add to value: {example}", example=example),
            )
        if reward.categories and PROFILING not in checked_file.codes("consents"):
            yield _warning(
                ("rewards", index, "categories"),
                FaultText(
                    "they are for recommendations, which need the consent {purpose}", purpose=PROFILING
                ),
                FaultText("add {purpose} to consents, or remove them", purpose=PROFILING),
            )
        if reward.when is not None and reward.lock is None:
            yield _warning(
                ("rewards", index, "when"),
                FaultText("members are not told what unlocks it"),
                FaultText("add lock: what unlocks it, in words"),
            )


def _warning(path: tuple[str | int, ...], message: FaultText, remedy: FaultText) -> Finding:
    return Finding(path, message, remedy, is_warning=True)

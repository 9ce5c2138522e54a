"""What is given before it is known to stand, or again and again: allowed, and probably not meant."""

from __future__ import annotations

from collections.abc import Iterator

from domain.model.event_names import TIER_CHANGED
from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding
from domain.model.programme.rules import Action


def check_returnable(checked_file: CheckedFile) -> Iterator[Finding]:
    """Warn of `forgive` without `pending`, of referrals that pay at once, and of gifts at every change of
    tier.
    """
    programme = checked_file.programme
    for index, wallet in enumerate(programme.wallets):
        if wallet.debt == "forgive" and wallet.pending is None:
            yield Finding(
                ("wallets", index, "debt"),
                FaultText("awards can be spent at once, and what a refund cannot take back is forgiven"),
                FaultText("add pending: {days: 14}, or write debt: allow"),
                is_warning=True,
            )
    for index, rule in enumerate(programme.rules):
        gives = any(action.award or action.voucher for action in rule.all_actions)
        if TIER_CHANGED in rule.on and gives and rule.limit is None:
            yield Finding(
                ("rules", index, "limit"),
                FaultText("it gives at every change of tier, and again when a member comes back to one"),
                FaultText("add limit: {times: 1, per: year}"),
                is_warning=True,
            )
    yield from _referral_at_once(checked_file)


def _referral_at_once(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find a referral that gives what can be used within a day: before a purchase would come back."""
    referral = checked_file.programme.referral
    if referral is None or referral.wait is None or referral.wait.days or referral.wait.months:
        return
    pending = {wallet.code for wallet in checked_file.programme.wallets if wallet.pending is not None}
    if referral.wait.hours < 24 and any(
        _is_usable_at_once(action, pending) for action in (*referral.friend, *referral.referrer)
    ):
        yield Finding(
            ("referral", "wait"),
            FaultText("it pays before a purchase would be returned, and what is spent by then stays spent"),
            FaultText("write wait: {days: 14}"),
            is_warning=True,
        )


def _is_usable_at_once(action: Action, pending_wallets: set[str]) -> bool:
    if action.award is not None:
        return action.award.wallet not in pending_wallets
    return action.voucher is not None or action.tier is not None

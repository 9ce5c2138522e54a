"""What became of a message, as figures count it: one fate for each row of the outbox."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

from domain.model.figures.increments import NO_STORE, NO_TIER

Fate = Literal["sent", "failed", "no_consent", "dropped", "opened", "clicked"]
NO_CONSENT = "no_consent"
FATES: Final = ("sent", "failed", "no_consent", "dropped", "opened", "clicked")
PLACE: Final = {"store": NO_STORE, "tier": NO_TIER}  # a message has neither


def fate_of(*, state: str, reason: str, delivered: Collection[str], in_inbox: bool) -> Fate:
    """Return the fate of a message that was done, dropped or parked: `delivered` are the states of its
    channels, `in_inbox` whether it goes to the inbox too.
    """
    if state == "dropped":
        return "no_consent" if reason == NO_CONSENT else "dropped"
    if state == "parked":
        return "failed"
    if in_inbox or "sent" in delivered:
        return "sent"
    if "failed" in delivered:
        return "failed"
    return "no_consent" if reason == NO_CONSENT else "dropped"


def is_fate(path: str) -> bool:
    """Tell whether a sum is of what became of messages or of recommendations, or of who joined and left
    leaderboards: the journal does not say it.
    """
    parts = path.split(".")
    if parts[0] in ("recommended", "turnout"):
        return True
    is_of_message = len(parts) == 3 or (len(parts) == 5 and parts[2] == "variants")
    return is_of_message and parts[0] == "messages" and parts[-1] in FATES

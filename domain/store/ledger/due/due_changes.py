"""Whose next due instant each version of the programme may have changed, as it is stored with the version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.model.ledger.sweeping.due_change import EVERYONE, DueChange


def change_values(change: DueChange) -> dict[str, Any]:
    """Return a change as a version's document holds it."""
    return {
        "everyone": change.everyone,
        "wallets": sorted(change.wallets),
        "segments": sorted(change.segments),
        "tiers": change.tiers,
    }


def read_change(values: Mapping[str, Any] | None) -> DueChange:
    """Return the change of a version; an earlier release said none, so everyone may be concerned."""
    if values is None:
        return EVERYONE
    wallets, segments = frozenset(values["wallets"]), frozenset(values["segments"])
    return DueChange(values["everyone"], wallets, segments, values["tiers"])

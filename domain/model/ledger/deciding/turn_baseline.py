"""Segments and rewards while time is turning: a row moves them only as far as it causes it itself."""

from __future__ import annotations

from domain.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Memberships:
    """The segments that a member is in and the rewards that are unlocked for them."""

    segments: frozenset[str]
    unlocked: frozenset[str]


@dataclass(frozen=True, slots=True)
class TurnBaseline:
    """Memberships while time is turning: as they were judged before the row, and as the member holds them."""

    judged: Memberships
    held: Memberships

    def caused_segments(self, now: frozenset[str]) -> frozenset[str]:
        """Return the segments that are held, moved only as far as judging differs from before the row."""
        return _moved(self.held.segments, self.judged.segments, now)

    def caused_unlocked(self, now: frozenset[str]) -> frozenset[str]:
        """Return the rewards that are unlocked, moved only as far as judging differs from before the row."""
        return _moved(self.held.unlocked, self.judged.unlocked, now)


def _moved(held: frozenset[str], judged: frozenset[str], now: frozenset[str]) -> frozenset[str]:
    return (held | (now - judged)) - (judged - now)

"""The messages of a simulation: which come, and which would come too soon after the last of their kind."""

from __future__ import annotations

from datetime import datetime

from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Json
from domain.model.programme import Programme


class SentMessages:
    """When the last message of each kind was sent to each member."""

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        self._last_sent: dict[tuple[str, str], datetime] = {}

    def send(self, member: str, row: JournalRow) -> list[Json]:
        """Return the messages of a row that come: none too soon after the last of its kind."""
        codes: list[Json] = []
        for message in row.messages:
            spec = self._programme.message(message.code)
            last = self._last_sent.get((member, spec.code))
            if spec.is_too_soon(row.event.at, last=last, zone=self._programme.zone):
                continue
            if spec.once is not None:
                self._last_sent[member, spec.code] = row.event.at
            codes.append(spec.code)
        return codes

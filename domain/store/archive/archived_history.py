"""Where a member's history in the database begins, once earlier rows of it stand in the archive."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from domain.model.values import dataclass
from domain.store.connect import Raw


@dataclass(frozen=True, slots=True)
class ArchivedHistory:
    """What came `before` an instant is in the archive, up to the entry and the purchase of these counters."""

    before: datetime
    entries: int
    purchases: int

    @classmethod
    def read(cls, values: Raw | None) -> Self | None:
        """Return that of a member's `archived`, or of the base of a journal; None of neither."""
        return None if values is None else cls(values["before"], values["entries"], values["purchases"])

    def values(self) -> dict[str, Any]:
        """Return it as a member's document stores it."""
        return {"before": self.before, "entries": self.entries, "purchases": self.purchases}

"""Who was erased, kept outside the database: a backup that is restored knows it no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol


class ErasureLog(Protocol):
    """The random ids of erased members, append-only. It names nobody."""

    async def note(self, member: str, *, at: datetime) -> None:
        """Keep a member's id for good, before anything of them is erased. Raises OSError where that fails."""
        ...

    async def read(self) -> Sequence[str]:
        """Return every id, the oldest first, each once."""
        ...


class _NoLog:
    async def note(self, member: str, *, at: datetime) -> None:
        """Keep nothing."""

    async def read(self) -> Sequence[str]:
        return ()


NO_LOG: Final[ErasureLog] = _NoLog()

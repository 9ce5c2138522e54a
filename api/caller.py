"""The caller of a request and its origin: one frozen value for each request."""

from dataclasses import dataclass
from typing import TypeAlias

from domain.services.ledger.till import TILL_SOURCE
from domain.store.people.sessions import StaffRole


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody is signed in. `token_refused`: the request had a token, and it was not accepted."""

    token_refused: bool = False


@dataclass(frozen=True, slots=True)
class MemberCaller:
    member_id: str
    session_id: str
    device_id: str | None = None


@dataclass(frozen=True, slots=True)
class StaffCaller:
    staff_id: str
    role: StaffRole
    store: str
    session_id: str
    own_members: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Return the source of what they record: of a receipt's identity, and `purchase.source` in rules. It
        is never what a client says.
        """
        return TILL_SOURCE


Caller: TypeAlias = Anonymous | MemberCaller | StaffCaller


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: its id in our logs, the client's address, the languages the client reads."""

    request_id: str
    address: str
    accept_language: str | None = None

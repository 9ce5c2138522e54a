"""The caller of a request and its origin: one frozen value for each request."""

from dataclasses import field
from typing import Literal, TypeAlias

from domain.model.intake.client_keys import ClientBounds, Scope
from domain.model.values import dataclass
from domain.services.intake.client_registry import KeyRefused
from domain.services.ledger.till import TILL_SOURCE
from domain.store.people.sessions import StaffRole
from domain.store.people.stores import CONSOLE


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody is signed in. `token_refused`: the request had a token, and it was not accepted; `key_refused`
    says why where it was the key of a system.
    """

    token_refused: bool = False
    key_refused: KeyRefused | None = None


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
    def is_at_console(self) -> bool:
        """Tell whether they signed in at the console, at no store."""
        return self.store == CONSOLE.code

    @property
    def source(self) -> str:
        """Return the source of what they record: of a receipt's identity, and `purchase.source` in rules. It
        is never what a client says.
        """
        return TILL_SOURCE


@dataclass(frozen=True, slots=True)
class ClientCaller:
    """A system with a key. What it records is of its own source and store; `is_test` keys only quote."""

    name: str
    key_id: str
    store: str
    source: str
    scopes: tuple[Scope, ...] = ()
    bounds: ClientBounds = field(default_factory=ClientBounds)
    is_test: bool = False

    @property
    def staff_id(self) -> str:
        """Return who acts, as the audit trail names it."""
        return f"client:{self.name}"

    @property
    def session_id(self) -> str:
        """Return the key in the audit trail."""
        return f"key:{self.key_id}"

    @property
    def role(self) -> Literal["CLIENT"]:
        """Return the role of all systems."""
        return "CLIENT"

    @property
    def own_members(self) -> tuple[str, ...]:
        """Return none: a system is nobody's membership."""
        return ()


TillCaller: TypeAlias = StaffCaller | ClientCaller
Caller: TypeAlias = Anonymous | MemberCaller | TillCaller


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: its id in our logs, the client's address, the languages the client reads."""

    request_id: str
    address: str
    accept_language: str | None = None

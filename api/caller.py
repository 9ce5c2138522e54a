"""Who calls, from where, and what a resolver may use: one frozen value a request.

A door types its info as `Info[Context[Services, Loaders], None]` with its own Services and Loaders; this file
knows neither.
"""

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from api.errors import Forbidden, Unauthenticated
from domain.store.people.sessions import StaffRole

DependenciesT = TypeVar("DependenciesT")
LoadersT = TypeVar("LoadersT")


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody signed in; `token_refused` tells that a token came and was not believed."""

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


Caller: TypeAlias = Anonymous | MemberCaller | StaffCaller


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: its id in our logs, the client's address, the languages it reads."""

    request_id: str
    address: str
    accept_language: str | None = None


@dataclass(frozen=True, slots=True)
class Context(Generic[DependenciesT, LoadersT]):
    """What every resolver is handed as `info.context`."""

    origin: Origin
    caller: Caller
    dependencies: DependenciesT
    loaders: LoadersT

    @property
    def request_id(self) -> str:
        return self.origin.request_id

    @property
    def address(self) -> str:
        return self.origin.address

    @property
    def accept_language(self) -> str | None:
        return self.origin.accept_language

    def member(self) -> MemberCaller:
        """Return the signed-in member. The permission table lets nobody else come so far; here it is said to
        the type checker.
        """
        if isinstance(self.caller, MemberCaller):
            return self.caller
        raise self._refusal()

    def staff(self) -> StaffCaller:
        """Return the signed-in employee."""
        if isinstance(self.caller, StaffCaller):
            return self.caller
        raise self._refusal()

    def _refusal(self) -> Unauthenticated | Forbidden:
        return Unauthenticated() if isinstance(self.caller, Anonymous) else Forbidden()

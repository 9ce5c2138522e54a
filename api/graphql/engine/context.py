"""The context of one request: who calls, and what a resolver may use.

A resolver types its info as `Info[Context[Dependencies, Loaders], None]`, with its own Dependencies and
Loaders. This file knows neither.
"""

from typing import Generic, TypeVar

from api.caller import Anonymous, Caller, ClientCaller, MemberCaller, Origin, StaffCaller, TillCaller
from api.errors import Forbidden, Unauthenticated
from domain.model.values import dataclass

DependenciesT = TypeVar("DependenciesT")
LoadersT = TypeVar("LoadersT")


@dataclass(frozen=True, slots=True)
class Context(Generic[DependenciesT, LoadersT]):
    """The value of `info.context` in every resolver."""

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
        """Return the signed-in member. The permission table admits nobody else; this tells the type
        checker so.
        """
        if isinstance(self.caller, MemberCaller):
            return self.caller
        raise self._refusal()

    def staff(self) -> StaffCaller:
        """Return the signed-in employee."""
        if isinstance(self.caller, StaffCaller):
            return self.caller
        raise self._refusal()

    def at_till(self) -> TillCaller:
        """Return the employee or the system that calls."""
        if isinstance(self.caller, StaffCaller | ClientCaller):
            return self.caller
        raise self._refusal()

    def _refusal(self) -> Unauthenticated | Forbidden:
        return Unauthenticated() if isinstance(self.caller, Anonymous) else Forbidden()

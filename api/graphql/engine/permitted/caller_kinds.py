"""The kinds of callers, as the table of permissions names them, and how a row of it is written."""

from enum import Enum

from domain.model.intake.client_keys import Scope
from domain.model.values import dataclass


class CallerKind(Enum):
    ANONYMOUS = "nobody signed in"
    MEMBER = "a member"
    CASHIER = "a cashier"
    MANAGER = "a manager"
    OPERATOR = "an operator at a till"
    CONSOLE_OPERATOR = "an operator at the console"
    SERVICE = "service, at the console"
    ANALYST = "an analyst, at the console"
    CLIENT = "a system"


CallerKinds = frozenset[CallerKind]

MEMBER: CallerKinds = frozenset({CallerKind.MEMBER})
TILL: CallerKinds = frozenset({CallerKind.CASHIER, CallerKind.MANAGER, CallerKind.OPERATOR})
SERVICE: CallerKinds = frozenset({CallerKind.SERVICE, CallerKind.CONSOLE_OPERATOR})
CONSOLE_OPERATOR: CallerKinds = frozenset({CallerKind.CONSOLE_OPERATOR})
OPERATOR: CallerKinds = frozenset({CallerKind.OPERATOR, CallerKind.CONSOLE_OPERATOR})
CLIENT: CallerKinds = frozenset({CallerKind.CLIENT})
FIGURES: CallerKinds = frozenset({CallerKind.ANALYST, CallerKind.CONSOLE_OPERATOR})
# Employees who serve members, wherever they sit; analysts see figures alone.
STAFF: CallerKinds = TILL | SERVICE
EMPLOYEES: CallerKinds = STAFF | {CallerKind.ANALYST}
SERVING: CallerKinds = STAFF | CLIENT
PAYING: CallerKinds = MEMBER | TILL | CLIENT
SIGNED_IN: CallerKinds = MEMBER | SERVING
PUBLIC: CallerKinds = MEMBER | EMPLOYEES | CLIENT | {CallerKind.ANONYMOUS}
NOBODY: CallerKinds = frozenset()


@dataclass(frozen=True, slots=True)
class RootPermission:
    """Who may run a root field, and who sees its answer. The two differ where the field signs somebody in.
    A system's key needs all of `scopes`; one that only quotes runs what `is_quote`.
    """

    callers: CallerKinds
    viewers: CallerKinds
    scopes: tuple[Scope, ...] = ()
    is_quote: bool = False


def permit(callers: CallerKinds, viewers: CallerKinds | None = None) -> RootPermission:
    return RootPermission(callers, callers if viewers is None else viewers)


def permit_systems(*scopes: Scope, is_quote: bool = False, staff: CallerKinds = TILL) -> RootPermission:
    return RootPermission(staff | CLIENT, staff | CLIENT, scopes, is_quote)


def types_for(viewers: CallerKinds, *types: str) -> dict[str, CallerKinds]:
    return dict.fromkeys(types, viewers)

"""Systems that report by themselves, and their keys: added and changed with a second person, ended by one."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.console.staff_proposals import StaffProposed, proposed_by_caller
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import till_of
from domain.model.intake import client_keys as keys
from domain.services.errors import InvalidInput
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.intake import clients
from domain.services.operations import client_keys
from domain.services.operations.client_keys import ClientTerms, NewClient
from domain.store.intake.clients import StoredClient

REASON = "Why, 1 to 500 characters; kept in the audit trail."


@enum_of_words(keys.KeyKind, description="What a key is for.")
class SystemKeyKind(Enum):
    LIVE = strawberry.enum_value("LIVE", description="It counts.")
    TEST = strawberry.enum_value("TEST", description="It only quotes.")


@strawberry.type(description="A key of a system: its id, never the key.")
class SystemKey:
    id: str = strawberry.field(description="As it stands within the key.")
    created_at: datetime = strawberry.field(description="When it was made.")
    ends_at: datetime | None = strawberry.field(description="When it ends; null for one without an end.")
    is_live: bool = strawberry.field(description="Whether it works now.")
    used_at: datetime | None = strawberry.field(
        description="When it was used last, to ten seconds; null for never."
    )


@strawberry.type(description="A bound on what a system's keys may do.")
class SystemBound:
    name: str = strawberry.field(
        description=(
            "requests_per_minute; a day: purchases (with events), vouchers, look_ups, refunded (minor units),"
            " adjusted (what events move); and receipt_total."
        )
    )
    value: int = strawberry.field(description="At most so much.")


@strawberry.type(description="A system that holds keys.")
class System:
    name: str = strawberry.field(description="As the audit trail names it, behind `client:`.")
    source: str = strawberry.field(description="As what it reports.")
    store: str = strawberry.field(description="The code of the store whose receipts they are.")
    key_kind: SystemKeyKind = strawberry.field(description="What its keys are for.")
    scopes: list[str] = strawberry.field(description="What its keys may do.")
    addresses: list[str] = strawberry.field(description="Where its keys come from; none for anywhere.")
    bounds: list[SystemBound] = strawberry.field(description="How much its keys may do.")
    keys: list[SystemKey] = strawberry.field(description="Its last ten keys.")
    is_live: bool = strawberry.field(description="Whether its keys work at all.")
    created_at: datetime = strawberry.field(description="When it was added.")
    expires_at: datetime | None = strawberry.field(description="When all its keys end; null for never.")
    revoked_at: datetime | None = strawberry.field(description="When it was shut out; null for who is in.")


@strawberry.input(description="A bound to set.")
class SystemBoundInput:
    name: str = strawberry.field(description="As `SystemBound.name`.")
    value: int = strawberry.field(description="0 to 1,000,000,000.")


@strawberry.input(description="A new system.")
class AddSystemInput:
    name: str = strawberry.field(description="1 to 40 letters a-z, digits, dashes or underscores.")
    source: str = strawberry.field(description="As what it reports: part of each receipt's identity.")
    store: str = strawberry.field(description="The code of the store whose receipts they are.")
    key_kind: SystemKeyKind = strawberry.field(description="What its keys are for.")
    scopes: list[str] = strawberry.field(
        description=f"What its keys may do: some of {', '.join(keys.SCOPES)}."
    )
    addresses: list[str] | None = strawberry.field(
        default=None,
        description="Addresses or networks that its keys come from; anywhere, where none is named.",
    )
    bounds: list[SystemBoundInput] | None = strawberry.field(
        default=None, description="What is left out has its default."
    )
    expires_at: datetime | None = strawberry.field(default=None, description="Null for never.")
    reason: str = strawberry.field(description=REASON)
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="What a system's keys may do from now on; what is left out stays.")
class ChangeSystemInput:
    name: str = strawberry.field(description="Which system.")
    scopes: list[str] | None = strawberry.field(default=None, description="All that its keys may do.")
    addresses: list[str] | None = strawberry.field(
        default=None, description="All addresses and networks; an empty list for anywhere."
    )
    bounds: list[SystemBoundInput] | None = strawberry.field(default=None, description="Those that change.")
    reason: str = strawberry.field(description=REASON)
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="Which system gets another key.")
class RotateSystemKeyInput:
    name: str = strawberry.field(description="Which system.")
    keep_hours: int = strawberry.field(
        description="For how many hours the key before it still works: 0, 1, 24 or 168."
    )
    reason: str = strawberry.field(description=REASON)
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.input(description="Which system is shut out, and why.")
class RevokeSystemInput:
    name: str = strawberry.field(description="Which system.")
    reason: str = strawberry.field(description=REASON)


@strawberry.type(description="All its keys have ended, for good.")
class SystemRevoked:
    system: System = strawberry.field(description="As it is now.")


ProposeSystemResult = Annotated[
    StaffProposed | NotAllowed | IdempotencyConflict,
    strawberry.union("ProposeSystemResult", description="It waits for a second person, or why it does not."),
]
RevokeSystemResult = Annotated[
    SystemRevoked | NotAllowed,
    strawberry.union("RevokeSystemResult", description="Shut out, or why not."),
]


@strawberry.type
class SystemQuery:
    @strawberry.field(description="Operators: every system that holds keys, by name; at most 500.")
    async def systems(self, info: Info) -> list[System]:
        stored = await clients.find_all(info.context.dependencies.runtime)
        return [_system_of(each, info.context.loaders.world_now) for each in stored]


@strawberry.type
class SystemMutation:
    @strawberry.mutation(
        description="Operators: asks for a system to get a key, which a second one approves and is shown."
    )
    @refusals_as_problems
    async def add_system(self, info: Info, input: AddSystemInput) -> ProposeSystemResult:
        proposal = await client_keys.propose_client(
            info.context.dependencies.runtime,
            till=till_of(info),
            client=NewClient(
                input.name,
                input.source,
                input.store,
                "live" if input.key_kind is SystemKeyKind.LIVE else "test",
                input.expires_at,
            ),
            terms=ClientTerms(input.scopes, input.addresses, _bounds(input.bounds)),
            reason=input.reason,
            key=input.idempotency_key,
            now=info.context.loaders.world_now,
        )
        return await proposed_by_caller(info, proposal)

    @strawberry.mutation(
        description="Operators: asks for what a system's keys may do to change; a second one approves it."
    )
    @refusals_as_problems
    async def change_system(self, info: Info, input: ChangeSystemInput) -> ProposeSystemResult:
        proposal = await client_keys.propose_change(
            info.context.dependencies.runtime,
            till=till_of(info),
            name=input.name,
            terms=ClientTerms(input.scopes, input.addresses, _bounds(input.bounds)),
            reason=input.reason,
            key=input.idempotency_key,
            now=info.context.loaders.world_now,
        )
        return await proposed_by_caller(info, proposal)

    @strawberry.mutation(
        description="Operators: asks for another key of a system, which a second one approves and is shown."
    )
    @refusals_as_problems
    async def rotate_system_key(self, info: Info, input: RotateSystemKeyInput) -> ProposeSystemResult:
        proposal = await client_keys.propose_rotation(
            info.context.dependencies.runtime,
            till=till_of(info),
            name=input.name,
            keep_hours=input.keep_hours,
            reason=input.reason,
            key=input.idempotency_key,
            now=info.context.loaders.world_now,
        )
        return await proposed_by_caller(info, proposal)

    @strawberry.mutation(
        description="Operators: ends all keys of a system, at once and for good. It takes no second person."
    )
    @refusals_as_problems
    async def revoke_system(self, info: Info, input: RevokeSystemInput) -> RevokeSystemResult:
        till, now = till_of(info), info.context.loaders.world_now
        till.require_operator()
        check_text(input.reason, field="reason", max_length=MAX_REASON_LENGTH)
        revoked = await clients.revoke(
            info.context.dependencies.runtime,
            input.name,
            actor=till.staff,
            reason=input.reason,
            now=now,
        )
        return SystemRevoked(system=_system_of(revoked, now))


def _bounds(inputs: list[SystemBoundInput] | None) -> Mapping[str, int]:
    """Return bounds by name. Raises InvalidInput for a name that is none."""
    known = asdict(clients.DEFAULT_BOUNDS)
    for each in inputs or ():
        if each.name not in known:
            raise InvalidInput("bounds", f"{each.name:.64} is no bound; write one of {', '.join(known)}.")
    return {each.name: each.value for each in inputs or ()}


def _system_of(stored: StoredClient, now: datetime) -> System:
    live = stored.live_keys(now)
    return System(
        name=stored.name,
        source=stored.source,
        store=stored.store,
        key_kind=SystemKeyKind[stored.kind.upper()],
        scopes=list(stored.scopes),
        addresses=list(stored.addresses),
        bounds=[SystemBound(name=name, value=value) for name, value in asdict(stored.bounds).items()],
        keys=[
            SystemKey(
                id=key.id,
                created_at=key.created_at,
                ends_at=key.ends_at,
                is_live=key in live,
                used_at=stored.used.get(key.id),
            )
            for key in reversed(stored.keys)
        ],
        is_live=stored.is_live(now),
        created_at=stored.created_at,
        expires_at=stored.expires_at,
        revoked_at=stored.revoked_at,
    )

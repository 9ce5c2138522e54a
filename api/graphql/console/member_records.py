"""A member as service sees them: everything that answers why, and who has looked."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from api.graphql.console.member_notes import MessageFate, ServiceNote, fates_of, notes_of
from api.graphql.engine.paging import After, First, row_count
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info
from api.graphql.member.devices.devices import DevicePlatform
from api.graphql.member.histories import point_history
from api.graphql.member.membership import HISTORY_BEGINS, MemberPlan, history_begins_at, plan_held
from api.graphql.member.messages import MessageConnection, message_history
from api.graphql.member.points import PointEntryConnection
from api.graphql.till.audit_trail import AuditEntry, audit_entries
from api.graphql.till.customers import Customer, current_customer
from api.graphql.till.till_session import looked_up_by_service
from domain.model.people.contacts import Contact
from domain.services.ledger import audit_trail
from domain.services.people.devices import list_devices

DEFAULT_ROWS = 20


@strawberry.type(description="A member's profile as service sees it: contacts are hints.")
class MemberProfile:
    email: str | None = strawberry.field(description="A hint such as a***@example.com; null for none.")
    phone: str | None = strawberry.field(description="A hint such as +351******678; null for none.")
    birthday: date | None = strawberry.field(description="Null where it was not given.")
    locale: str = strawberry.field(description="The language of their messages.")
    timezone: str = strawberry.field(description="IANA: for quiet hours.")
    joined_at: datetime = strawberry.field(description="When the membership began.")
    history_begins_at: datetime | None = strawberry.field(description=HISTORY_BEGINS)
    terms_accepted: str | None = strawberry.field(description="The version that they accepted last.")
    erased_at: datetime | None = strawberry.field(
        description="When it is gone for good; null unless it is being deleted."
    )
    tags: list[str] = strawberry.field(description="What the programme's rules have noted of them, by code.")


@strawberry.type(description="An installation of the app as service sees it: no token, no key.")
class MemberDevice:
    platform: DevicePlatform = strawberry.field(description="What it runs on.")
    app_version: str | None = strawberry.field(description="As it said itself; null where it did not.")
    registered_at: datetime = strawberry.field(description="When it registered first.")
    last_seen_at: datetime = strawberry.field(description="When it was seen last.")
    can_push: bool = strawberry.field(description="Whether it has given a token for push.")


@strawberry.type(description="A member as service sees them. Each reading is a look-up in the audit trail.")
class MemberRecord:
    customer: Customer = strawberry.field(description="As the till sees them.")
    profile: MemberProfile = strawberry.field(description="What they gave, and how it stands.")
    plan: MemberPlan | None = strawberry.field(description="Paid membership; null where they have none.")
    member_id: strawberry.Private[str]

    @strawberry.field(
        description="What the wallets gained and lost, newest first, each line with its reasons."
    )
    async def point_history(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        wallet: Annotated[
            WalletCode | None,
            strawberry.argument(description="Only the entries of this wallet; null for all wallets."),
        ] = None,
    ) -> PointEntryConnection:
        return await point_history(info, self.member_id, first=first, after=after, wallet=wallet)

    @strawberry.field(description="What the inbox holds, newest first, as the member reads it.")
    async def messages(self, info: Info, first: First = 20, after: After = None) -> MessageConnection:
        return await message_history(info, self.member_id, first=first, after=after)

    @strawberry.field(
        description="What was promised to them in the last 30 days, newest first, and what became of it."
    )
    async def message_fates(self, info: Info, first: First = DEFAULT_ROWS) -> list[MessageFate]:
        return await fates_of(info, self.member_id, first=row_count(first, default=DEFAULT_ROWS))

    @strawberry.field(description="What colleagues have noted, newest first.")
    async def notes(self, info: Info) -> list[ServiceNote]:
        return await notes_of(info, self.member_id)

    @strawberry.field(description="The installations that they registered, the last seen first.")
    async def devices(self, info: Info) -> list[MemberDevice]:
        stored = await list_devices(info.context.dependencies.runtime.store, self.member_id)
        return [
            MemberDevice(
                platform=DevicePlatform[each.platform],
                app_version=each.app_version,
                registered_at=each.registered_at,
                last_seen_at=each.last_seen_at,
                can_push=each.token is not None,
            )
            for each in stored
        ]

    @strawberry.field(description="What was done for them beside purchases and vouchers, newest first.")
    async def acts(self, info: Info, first: First = DEFAULT_ROWS) -> list[AuditEntry]:
        acts = await audit_trail.find_member_acts(
            info.context.dependencies.runtime,
            member_id=self.member_id,
            first=row_count(first, default=DEFAULT_ROWS),
        )
        return await audit_entries(info, acts)

    @strawberry.field(description="Who looked them up in the last 90 days, newest first; this reading too.")
    async def look_ups(self, info: Info, first: First = DEFAULT_ROWS) -> list[AuditEntry]:
        acts = await audit_trail.find_member_look_ups(
            info.context.dependencies.runtime,
            member_id=self.member_id,
            first=row_count(first, default=DEFAULT_ROWS),
            now=info.context.loaders.now,
        )
        return await audit_entries(info, acts)


@strawberry.type
class MemberRecordQuery:
    @strawberry.field(description="Service: a member with their history. Counted and noted as a look-up.")
    async def member_record(
        self,
        info: Info,
        member: Annotated[str, strawberry.argument(description="A membership number, or a customer's id.")],
    ) -> MemberRecord:
        return _record_of(await current_customer(info, await looked_up_by_service(info, member)))


def _record_of(customer: Customer) -> MemberRecord:
    member_view = customer.member_view
    member, details = member_view.member, member_view.details
    assert member.joined_at is not None, "a membership has begun where there is a member"
    return MemberRecord(
        customer=customer,
        profile=MemberProfile(
            email=None if details.email is None else Contact("email", details.email).masked,
            phone=None if details.phone is None else Contact("phone", details.phone).masked,
            birthday=details.birthday,
            locale=details.locale,
            timezone=details.timezone,
            joined_at=member.joined_at,
            history_begins_at=history_begins_at(member_view),
            terms_accepted=details.terms,
            erased_at=member_view.erase_at,
            tags=sorted(member.tags),
        ),
        plan=plan_held(customer.audience, member_view),
        member_id=member.id,
    )

"""The actions of staff: those of the caller's own shift, and the audit trail of a store for managers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import strawberry

from api.errors import Forbidden
from api.graphql.engine.action_kinds import StaffActionKind, action_of
from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import UNIT
from api.graphql.engine.ids import decode_id_as, encode_id
from api.graphql.engine.paging import First, row_count
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import find_spec, reward_title
from api.graphql.member.catalogue.units import ProgrammeWallet, unit_of
from api.graphql.member.stores import Store, store_of
from api.graphql.member.vouchers import Voucher, voucher_of
from api.graphql.till.customers import Customer, customer_of
from api.graphql.till.till_session import looked_up_or_not_found, till_of
from api.graphql.till.trail.job_titles import read_job_titles, segment_name
from domain.services.errors import NotAllowed
from domain.services.ledger import audit_trail, queries
from domain.services.people import staff
from domain.store.audit import STAFF_ACTIONS, AuditAct

ONE_DAY = timedelta(days=1)
DEFAULT_ROWS = 50
LONGEST_ACTOR = 100
REWARD_ACTIONS = ("REWARD_GIVEN", "REWARD_REDEEMED")  # their subject is a reward's code
OF_SEGMENTS = ("MESSAGE_SENT", "TAGS_OF_MANY")  # proposals that name a segment
FIRST_DAY_ENDS = datetime.min.replace(tzinfo=UTC) + ONE_DAY


@strawberry.type(description="One thing that an employee did in this shift.")
class ShiftAction:
    id: strawberry.ID = strawberry.field(description="Global id.")
    at: datetime = strawberry.field(description="When.")
    action_kind: StaffActionKind = strawberry.field(description="What was done.")
    subject: str = strawberry.field(
        description=(
            "The receipt or membership number that it was about; a reward, wallet or event by its name in the"
            " reader's language."
        )
    )
    amount: int = strawberry.field(
        description="The purchase's total, what was refunded (minor units), or the correction; else 0."
    )
    wallet: WalletCode | None = strawberry.field(
        description="Which wallet a correction moved; null for anything else."
    )
    unit: ProgrammeWallet | None = strawberry.field(
        description="What `amount` counts where it is a wallet's; null for anything else."
    )
    currency: str | None = strawberry.field(description="Set where the amount is money.")
    customer: Customer | None = strawberry.field(
        description="The member as they are now; null where they are erased."
    )
    voucher: Voucher | None = strawberry.field(
        description="The voucher that it was about; null where there was none."
    )


@strawberry.type(description="A wallet's balance: available + pending - debt.")
class AuditBalance:
    wallet: WalletCode = strawberry.field(description="Which wallet.")
    unit: ProgrammeWallet | None = strawberry.field(description=UNIT)
    amount: int = strawberry.field(description="In points, or minor units of the programme's currency.")


@strawberry.type(
    description="One row of the audit trail: who did what, when, where, why, and what it changed."
)
class AuditEntry:
    id: strawberry.ID = strawberry.field(description="Global id.")
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(
        description=(
            "The employee's username; `client:NAME` for a system with a key; `cli:NAME` for a command;"
            " `member` for the member themselves."
        )
    )
    action_kind: StaffActionKind = strawberry.field(description="What was done.")
    store: Store | None = strawberry.field(description="The store; null for what was done at no till.")
    member: strawberry.ID | None = strawberry.field(
        description="The customer's id; null where it concerns no customer."
    )
    subject: str = strawberry.field(
        description=(
            "What it was about: a receipt, reward, wallet, event, username, version, key, row of the outbox,"
            " or kind of contact; by what a member was looked up (NUMBER, EMAIL, PHONE or ID)."
        )
    )
    subject_title: str | None = strawberry.field(
        description=(
            "The reward, wallet or segment that it was about, in the reader's language; of a job over many"
            " members its message, tags or file. Else null."
        )
    )
    amount: int = strawberry.field(
        description="The purchase's total, what was refunded (minor units), or the correction; else 0."
    )
    wallet: WalletCode | None = strawberry.field(
        description="Which wallet a correction moved; null for anything else."
    )
    unit: ProgrammeWallet | None = strawberry.field(
        description="What `amount` counts where it is a wallet's; null for anything else."
    )
    currency: str | None = strawberry.field(description="Set where the amount is money.")
    reason: str | None = strawberry.field(
        description="As the employee gave it; null where none is asked for."
    )
    before: list[AuditBalance] = strawberry.field(description="The wallets that it touched, before it.")
    after: list[AuditBalance] = strawberry.field(description="The same wallets after it.")
    request_id: str | None = strawberry.field(
        description="The id of the request in the logs; null for rows from before requests had one."
    )


@strawberry.type
class TrailQuery:
    @strawberry.field(description="Staff: what this shift (this staff session) did, newest first.")
    async def shift_actions(
        self,
        info: Info,
        first: First = DEFAULT_ROWS,
        after: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The id of an act: the ones that come after it in the list."),
        ] = None,
    ) -> list[ShiftAction]:
        runtime, loaders = info.context.dependencies.runtime, info.context.loaders
        acts = await audit_trail.find_shift_acts(
            runtime,
            till=till_of(info),
            first=row_count(first, default=DEFAULT_ROWS),
            after=None if after is None else decode_id_as("ShiftAction", after, field="after"),
            now=loaders.now,
        )
        audience = await loaders.audience()
        member_views = await queries.load_member_views(
            runtime, member_ids=list({act.member for act in acts if act.member}), now=loaders.now
        )
        stored_vouchers = await queries.find_vouchers(
            runtime, voucher_ids=[act.voucher for act in acts if act.voucher]
        )
        vouchers = {id: await voucher_of(info, voucher) for id, voucher in stored_vouchers.items()}
        return [
            ShiftAction(
                id=strawberry.ID(encode_id("ShiftAction", act.id)),
                at=act.at,
                action_kind=StaffActionKind(act.action),
                subject=_subject(audience, act, vouchers),
                amount=act.amount,
                wallet=WalletCode(act.wallet) if act.wallet else None,
                unit=unit_of(audience, act.wallet),
                currency=audience.programme.programme.currency if _is_money(audience, act) else None,
                customer=customer_of(audience, member_views[act.member])
                if act.member and act.member in member_views
                else None,
                voucher=vouchers.get(act.voucher) if act.voucher else None,
            )
            for act in acts
        ]

    @strawberry.field(
        description=(
            "Managers: the audit trail of their store; operators: of any, or all. By default the last day."
        )
    )
    async def audit_trail(
        self,
        info: Info,
        store: Annotated[
            str | None,
            strawberry.argument(description="A store's code; by default this one, for operators all."),
        ] = None,
        since: Annotated[
            datetime | None,
            strawberry.argument(description="By default a day before `until`; at most 31 days before it."),
        ] = None,
        until: Annotated[datetime | None, strawberry.argument(description="By default now.")] = None,
        first: First = DEFAULT_ROWS,
        look_ups: Annotated[
            bool,
            strawberry.argument(
                description=(
                    "Whom staff looked up, in place of what was done: at most a day. `member` is null where"
                    " they found nobody."
                )
            ),
        ] = False,
        actor: Annotated[
            str | None, strawberry.argument(description="Only of this `actor`, such as a username.")
        ] = None,
        kinds: Annotated[
            list[StaffActionKind] | None, strawberry.argument(description="Only acts of these kinds.")
        ] = None,
        member: Annotated[
            str | None,
            strawberry.argument(
                description="Only what concerns this member: a membership number, or a customer's id."
            ),
        ] = None,
        after: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The id of an act: the ones that come after it in the list."),
        ] = None,
    ) -> list[AuditEntry]:
        end = until or info.context.loaders.now
        wanted = audit_trail.TrailFilter(
            actor=None if actor is None else actor[:LONGEST_ACTOR],
            actions=tuple(action_of(kind) for kind in kinds or ()),
            member_id=None if member is None else await looked_up_or_not_found(info, member),
            after=None if after is None else decode_id_as("AuditEntry", after, field="after"),
        )
        try:
            acts = await audit_trail.find_store_acts(
                info.context.dependencies.runtime,
                till=till_of(info),
                store=store,
                since=since or max(end, FIRST_DAY_ENDS) - ONE_DAY,
                until=end,
                first=row_count(first, default=DEFAULT_ROWS),
                wanted=wanted,
                is_of_look_ups=look_ups,
            )
        except NotAllowed:
            raise Forbidden from None
        return await audit_entries(info, acts)


async def audit_entries(info: Info, acts: Sequence[AuditAct]) -> list[AuditEntry]:
    """Return rows of the audit trail as staff read them."""
    dependencies, now = info.context.dependencies, info.context.loaders.now
    names = await dependencies.store_names.names(now=now)
    employees = {one.id: one.username for one in await staff.list_staff(dependencies.runtime.store)}
    audience = await info.context.loaders.audience()
    job_titles = await read_job_titles(info, (act.subject.partition(" ")[0] for act in acts))
    hidden = audience.programme.hidden_wallets
    return [
        AuditEntry(
            id=strawberry.ID(encode_id("AuditEntry", act.id)),
            at=act.at,
            actor=employees.get(act.actor, act.actor),
            action_kind=StaffActionKind(act.action),
            store=None if act.store is None else store_of(act.store, names),
            member=None if act.member is None else strawberry.ID(encode_id("Customer", act.member)),
            subject=employees.get(act.subject, act.subject) if act.action in STAFF_ACTIONS else act.subject,
            subject_title=job_titles.get(act.subject.partition(" ")[0]) or _subject_title(audience, act),
            amount=act.amount,
            wallet=WalletCode(act.wallet) if act.wallet is not None and act.wallet not in hidden else None,
            unit=unit_of(audience, act.wallet),
            currency=audience.programme.programme.currency if _is_money(audience, act) else None,
            reason=act.reason,
            before=_balances(audience, act.before),
            after=_balances(audience, act.after),
            request_id=act.request,
        )
        for act in acts
    ]


def _balances(audience: Audience, amounts: Mapping[str, int]) -> list[AuditBalance]:
    hidden = audience.programme.hidden_wallets
    return [
        AuditBalance(wallet=WalletCode(code), unit=unit_of(audience, code), amount=amount)
        for code, amount in amounts.items()
        if code not in hidden
    ]


def _subject(audience: Audience, act: AuditAct, vouchers: Mapping[str, Voucher]) -> str:
    """Return what an action was about, by its name in the programme; by its code where this version has it no
    longer.
    """
    if act.voucher is not None and act.voucher in vouchers:
        return vouchers[act.voucher].title
    is_of_order = act.action in ("PAYMENT_HELD", "HOLD_RELEASED")
    if not is_of_order and (wallet := find_spec(audience.programme.wallet, act.wallet)) is not None:
        return audience.text(wallet.name)
    event = find_spec(audience.programme.event, act.subject) if act.action == "EVENT" else None
    return act.subject if event is None else audience.text(event.title)


def _subject_title(audience: Audience, act: AuditAct) -> str | None:
    """Return the title of the reward, segment or wallet that an act was about, proposals of one too."""
    programme, asked_for = audience.programme, act.subject.removeprefix("REWARD_GIVEN ")
    kind, _, subject = act.subject.partition(" ")
    is_of_segment = kind in OF_SEGMENTS and find_spec(programme.segment, subject) is not None
    if act.action == "SEGMENT_READ" or is_of_segment:
        return segment_name(audience, subject or kind)
    if act.action in REWARD_ACTIONS or asked_for != act.subject:
        return reward_title(programme, asked_for, audience.locale)
    if act.wallet is None or act.subject != act.wallet or act.wallet in programme.hidden_wallets:
        return None
    wallet = find_spec(programme.wallet, act.wallet)
    return None if wallet is None else audience.text(wallet.name)


def _is_money(audience: Audience, act: AuditAct) -> bool:
    wallet = find_spec(audience.programme.wallet, act.wallet)
    is_of_receipt = act.action in ("PURCHASE", "REFUND", "PURCHASE_CORRECTED", "MEMBER_INVITED")
    return is_of_receipt or (wallet is not None and wallet.kind == "money")

"""How a membership stands: its status, its paid plan, and whom the member invited."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import find_spec
from api.graphql.member.programme import Plan, plan_of
from domain.services.ledger.queries import MemberView
from domain.store.ledger.members import Status as MembershipStatus


@enum_of_words(
    MembershipStatus,
    besides=["FROZEN", "BEING_DELETED"],
    description=(
        "FROZEN (by a manager, with a reason): earns nothing, redeems nothing, uses nothing; refunds still"
        " apply."
    ),
)
class MemberStatus(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="As it should be.")
    FROZEN = strawberry.enum_value("FROZEN", description="Frozen by a manager.")
    BEING_DELETED = strawberry.enum_value(
        "BEING_DELETED",
        description="The member had it deleted; until that is final, they may keep it by signing in.",
    )
    ERASED = strawberry.enum_value("ERASED", description="The person is erased; only totals are left.")
    MERGED = strawberry.enum_value(
        "MERGED", description="Merged into another membership, which is shown in its place."
    )


HISTORY_BEGINS = (
    "Entries and purchases of before it are kept in an archive and not listed any more; balances hold all of"
    " them. Null where the lists go back to the beginning."
)


@strawberry.type(description="Inviting friends.")
class Referral:
    code: str = strawberry.field(description="What a friend gives at enrolment.")
    url: str = strawberry.field(description="A link with the code in it, to be shared.")
    invited: int = strawberry.field(description="How many enrolled with it.")
    qualified: int = strawberry.field(description="How many of them did what the programme asks for.")


@strawberry.type(description="A paid membership that the member holds.")
class MemberPlan:
    plan: Plan = strawberry.field(description="Which.")
    since: datetime = strawberry.field(description="When it began.")
    until: datetime | None = strawberry.field(
        description="When it ends unless it is renewed; null where that is open."
    )


def plan_held(audience: Audience, member_view: MemberView) -> MemberPlan | None:
    """Return the plan that a member holds; None where they hold none that the programme has."""
    held_plan = member_view.member.plan
    spec = find_spec(audience.programme.plan, held_plan.code) if held_plan else None
    if held_plan is None or spec is None:
        return None
    return MemberPlan(plan=plan_of(audience, spec), since=held_plan.since, until=held_plan.until)


def referral_of(info: Info, audience: Audience, member_view: MemberView) -> Referral | None:
    """Return how a member's invitations stand; None where the programme has none."""
    if audience.programme.referral is None:
        return None
    number = member_view.member.number
    return Referral(
        code=number,
        url=info.context.dependencies.invitation_url(number),
        invited=member_view.invited_count,
        qualified=member_view.member.referral.friends,
    )


def history_begins_at(member_view: MemberView) -> datetime | None:
    """Return what is earlier than all that lists show; None where they go back to the beginning."""
    return None if member_view.archived is None else member_view.archived.before


def status_of(member_view: MemberView) -> MemberStatus:
    if member_view.status == "erased":
        return MemberStatus.ERASED
    if member_view.erase_at is not None:
        return MemberStatus.BEING_DELETED
    return MemberStatus.FROZEN if member_view.member.frozen else MemberStatus.ACTIVE

"""A membership deleted by its member, and kept after all."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import DEVICE_TOKEN, INSTALLATION_ID
from api.graphql.engine.problems import ContactProofNeeded, SignInRefused, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.member.sign_in import ContactApproval, SignedIn, SignInCodeRequested, signed_in_answer
from domain.services.people.deletion import deletion
from domain.services.people.deletion.deletion import RequestedDeletion
from domain.services.people.member_contacts.contact_change import TypedCode
from domain.services.people.sign_in import DeviceInput


@strawberry.input(
    description="Two calls: first without a code, then with the one that was sent to a present contact."
)
class DeleteMembershipInput:
    code: str | None = strawberry.field(
        default=None, description="The six digits that were sent; leave it out in the first call."
    )
    challenge: str | None = strawberry.field(default=None, description="As the first call answered it.")


@strawberry.input(description="Who keeps their membership, on which device.")
class KeepMembershipInput:
    keep_token: str = strawberry.field(description="As `MembershipBeingDeleted` gave it.")
    device_token: str | None = strawberry.field(default=None, description=DEVICE_TOKEN)
    installation_id: str | None = strawberry.field(default=None, description=INSTALLATION_ID)


@strawberry.type(
    description=(
        "The membership is being deleted: every session has ended, and no push or e-mail goes out any more."
    )
)
class MembershipDeleted:
    erased_at: datetime = strawberry.field(
        description="When it is gone for good; until then a sign-in offers to keep it."
    )


DeleteMembershipResult = Annotated[
    MembershipDeleted | SignInCodeRequested | SignInRefused | ContactProofNeeded,
    strawberry.union(
        "DeleteMembershipResult",
        description="SignInCodeRequested answers the first call, the others the second.",
    ),
]
KeepMembershipResult = Annotated[
    SignedIn | SignInRefused,
    strawberry.union("KeepMembershipResult", description="A session, or the token keeps nothing any more."),
]


@strawberry.type
class DeletionMutation:
    @strawberry.mutation(
        description=(
            "Without code: sends one to a present contact. With it: the membership is being deleted. Balances"
            " and vouchers go with it once that is final. Where no contact can be sent a code, a sign-in of"
            " the last 10 minutes does."
        )
    )
    @refusals_as_problems
    async def delete_membership(self, info: Info, input: DeleteMembershipInput) -> DeleteMembershipResult:
        caller, loaders = info.context.member(), info.context.loaders
        result = await deletion.delete(
            info.context.dependencies.runtime,
            member=caller.member_id,
            session=caller.session_id,
            typed=TypedCode(input.code, input.challenge) if input.code is not None else None,
            locale=(await loaders.audience()).locale,
            now=loaders.now,
        )
        if isinstance(result, RequestedDeletion):
            approval = ContactApproval(challenge=result.sent.challenge, code_sent_to=result.sent_to.masked)
            return SignInCodeRequested(
                challenge=result.sent.challenge, expires_at=result.sent.expires_at, approval=approval
            )
        return MembershipDeleted(erased_at=result)

    @strawberry.mutation(
        description=(
            "Keeps a membership that is being deleted, and signs in. Needs no sign-in: the token proves it."
        )
    )
    @refusals_as_problems
    async def keep_membership(self, info: Info, input: KeepMembershipInput) -> KeepMembershipResult:
        result = await deletion.keep(
            info.context.dependencies.runtime,
            input.keep_token[:200],
            device=DeviceInput(input.installation_id, input.device_token),
            now=info.context.loaders.now,
        )
        return await signed_in_answer(info, result)

"""A push that a member sends to a phone of their own, to see whether it arrives."""

from typing import Annotated

import strawberry

from api.errors import NotFound
from api.graphql.engine.audience import Audience
from api.graphql.engine.ids import decode_id_as
from api.graphql.engine.problems import refusals_as_problems, renders
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.member.devices.devices import Device, device_of
from api.graphql.member.devices.push_states import PushFault
from api.texts import say
from domain.services import errors
from domain.services.messages import trial_push
from domain.services.messages.trial_push import PushFailed, TrialText


@strawberry.input(description="Which of the member's own devices.")
class SendTestPushInput:
    device_id: strawberry.ID = strawberry.field(description="Its global id.")


@strawberry.type(
    description="Google took the push; whether the phone shows it is up to the phone's settings."
)
class TestPushSent:
    device: Device = strawberry.field(description="Where it went.")


@strawberry.type(
    description="The push reaches no phone; `me { devices { push } }` says what holds from now on."
)
class TestPushFailed(Problem):
    reason: PushFault = strawberry.field(description="Why.")


SendTestPushResult = Annotated[
    TestPushSent | TestPushFailed,
    strawberry.union("SendTestPushResult", description="Google took the push, or why not."),
]


@strawberry.type
class TrialPushMutation:
    @strawberry.mutation(
        description=(
            "Sends one push to a device of the member's own, at once, whatever the hour, and answers what"
            " Google answered. Its payload says `kind: test`. Asked again, it sends another."
        )
    )
    @refusals_as_problems
    async def send_test_push(self, info: Info, input: SendTestPushInput) -> SendTestPushResult:
        dependencies, loaders = info.context.dependencies, info.context.loaders
        device = decode_id_as("Device", input.device_id, field="deviceId")
        audience = await loaders.audience()
        name = audience.text(audience.programme.programme.name)
        text = TrialText(
            title=name,
            body=say("push.test", audience.locale),
        )
        try:
            stored_device = await trial_push.send_trial(
                dependencies.runtime.store,
                dependencies.senders,
                member=info.context.member().member_id,
                device=device,
                text=text,
                now=loaders.world_now,
            )
        except errors.NotFound:
            raise NotFound from None
        return TestPushSent(device=device_of(stored_device))


@renders(PushFailed)
def _failed(_info: Info, audience: Audience, refusal: PushFailed) -> TestPushFailed:
    return TestPushFailed(
        message=say(f"push.{refusal.fault}", audience.locale), reason=PushFault[refusal.fault]
    )

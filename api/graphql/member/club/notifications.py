"""Notifications: which messages a member wants, and by which channel."""

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.shared_types import Info
from api.graphql.member.consents import ConsentChannel
from api.texts import say
from domain.model.programme.messages import SERVICE_PURPOSE
from domain.services.people import preferences
from domain.services.people.preferences import NotificationChoice, channels_by_purpose, mute_key
from domain.store.people.details import Details


@strawberry.type(description="Whether a member gets messages of a purpose by a channel.")
class NotificationChannel:
    channel: ConsentChannel = strawberry.field(description="Which channel.")
    wanted: bool = strawberry.field(description="Whether the member wants it; true until they say otherwise.")
    consented: bool = strawberry.field(
        description="Whether they agreed to it, without which nothing goes; true where no consent is asked."
    )


@strawberry.type(
    description=(
        "Messages of one purpose, and the channels that they go by. The inbox has all, and is no choice."
    )
)
class NotificationSetting:
    purpose: str = strawberry.field(description="`service`, or a consent's purpose.")
    title: str = strawberry.field(description="In the reader's language.")
    channels: list[NotificationChannel] = strawberry.field(
        description="Those by which the programme sends such messages."
    )


@strawberry.input(description="Whether the member wants messages of a purpose by a channel.")
class SetNotificationInput:
    purpose: str = strawberry.field(description="`service`, or a consent's purpose.")
    channel: ConsentChannel = strawberry.field(description="Which channel.")
    wanted: bool = strawberry.field(description="Whether they are to come.")


@strawberry.type(description="The choice is noted.")
class NotificationSet:
    notifications: list[NotificationSetting] = strawberry.field(description="All choices as they are now.")


@strawberry.type
class NotificationMutation:
    @strawberry.mutation(
        description=(
            "Chooses whether messages of a purpose come by a channel, from now on; also those that wait."
            " Codes for signing in come in any case. Doing it again changes nothing."
        )
    )
    async def set_notification(self, info: Info, input: SetNotificationInput) -> NotificationSet:
        loaders, member = info.context.loaders, info.context.member().member_id
        word = next(each for each in preferences.CHANNELS if each.upper() == input.channel.name)
        await preferences.set_notification(
            info.context.dependencies.runtime,
            member_id=member,
            choice=NotificationChoice(input.purpose, word, input.wanted),
        )
        loaders.forget(member)
        details = (await loaders.member_view(member)).details
        return NotificationSet(notifications=notifications_of(await loaders.audience(), details))


def notifications_of(audience: Audience, details: Details) -> list[NotificationSetting]:
    """Return a member's choices by purpose and channel."""
    titles = {spec.purpose: audience.text(spec.title) for spec in audience.programme.consents}
    titles[SERVICE_PURPOSE] = say("notifications.service", audience.locale)
    return [
        NotificationSetting(
            purpose=purpose,
            title=titles.get(purpose, purpose),
            channels=[
                NotificationChannel(
                    channel=ConsentChannel[channel.upper()],
                    wanted=mute_key(purpose, channel) not in details.muted,
                    consented=purpose == SERVICE_PURPOSE
                    or any(each.covers(channel) for each in details.consents if each.purpose == purpose),
                )
                for channel in channels
            ],
        )
        for purpose, channels in channels_by_purpose(audience.programme).items()
    ]

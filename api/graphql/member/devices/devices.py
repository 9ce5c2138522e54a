"""Devices and the member's card: what a phone registers, and the code that it shows at the till."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import decode_id_as, encode_id
from api.graphql.engine.shared_types import Info
from api.graphql.member.devices.push_states import DevicePush, push_of
from api.graphql.member.vouchers import QrFormat, QrImage, qr_image
from domain.services.messages.push_results import device_push
from domain.services.people import devices
from domain.services.people.devices import CardCode, Registration
from domain.store.people.devices import Device as StoredDevice
from domain.store.people.devices import Platform, TokenKind


@enum_of_words(Platform, description="What an app runs on.")
class DevicePlatform(Enum):
    IOS = strawberry.enum_value("IOS", description="iPhone, iPad.")
    ANDROID = strawberry.enum_value("ANDROID", description="Android.")
    WEB = strawberry.enum_value("WEB", description="A page in a browser.")


@enum_of_words(TokenKind, description="What a push token is.")
class DeviceTokenKind(Enum):
    TOKEN = strawberry.enum_value("TOKEN", description="An FCM registration token.")
    FID = strawberry.enum_value("FID", description="A Firebase installation id.")
    SUBSCRIPTION = strawberry.enum_value(
        "SUBSCRIPTION",
        description="A browser's `PushSubscription`, as JSON, made with `programme.webPushKey`.",
    )


# The words of the domain: an enum's own value is typed as Any.
_PLATFORMS: Mapping[DevicePlatform, Platform] = {
    DevicePlatform.IOS: "IOS",
    DevicePlatform.ANDROID: "ANDROID",
    DevicePlatform.WEB: "WEB",
}
_TOKEN_KINDS: Mapping[DeviceTokenKind, TokenKind] = {
    DeviceTokenKind.TOKEN: "TOKEN",
    DeviceTokenKind.FID: "FID",
    DeviceTokenKind.SUBSCRIPTION: "SUBSCRIPTION",
}


@strawberry.type(description="An installation of the app, registered for card codes and push.")
class Device:
    id: strawberry.ID = strawberry.field(
        description="Global id; stays the same when the installation registers again."
    )
    platform: DevicePlatform = strawberry.field(description="What it runs on.")
    registered_at: datetime = strawberry.field(description="When it registered first.")
    last_seen_at: datetime = strawberry.field(
        description="When it registered last, or its session was refreshed."
    )
    stored: strawberry.Private[StoredDevice]

    @strawberry.field(description="Whether pushes reach it; try it by `sendTestPush`.")
    async def push(self, info: Info) -> DevicePush:
        dependencies, audience = info.context.dependencies, await info.context.loaders.audience()
        has_sender = dependencies.senders.push_to(self.stored.token_kind) is not None
        return push_of(
            audience, device_push(self.stored, has_sender=has_sender, now=info.context.loaders.world_now)
        )


@strawberry.type(description="What the member shows at the till.")
class MemberCard:
    id: strawberry.ID = strawberry.field(description="Global id, the same for every code.")
    code: str = strawberry.field(description="23 characters for a QR code; good for one scan.")
    expires_at: datetime = strawberry.field(description="Ask again by then.")

    @strawberry.field(description="The code as a picture.")
    async def qr(
        self,
        format: Annotated[QrFormat | None, strawberry.argument(description="SVG by default.")] = QrFormat.SVG,
        size: Annotated[int | None, strawberry.argument(description="Pixels, 64 to 2048.")] = 256,
    ) -> QrImage:
        return await qr_image(self.code, format, size)


@strawberry.input(description="This installation of the app, whole: what is left out is cleared.")
class RegisterDeviceInput:
    installation_id: str = strawberry.field(
        description=(
            "Made by the app when it is installed, 1 to 200 printable ASCII characters; the same as in"
            " `signIn`."
        )
    )
    platform: DevicePlatform = strawberry.field(description="What it runs on.")
    token: str | None = strawberry.field(
        default=None,
        description=(
            "For push: an FCM registration token, a Firebase installation id or a browser's subscription."
            " What cannot be one is BAD_INPUT, such as the token that Apple gives."
        ),
    )
    token_kind: DeviceTokenKind | None = strawberry.field(
        default=None,
        description=(
            "What `token` is. Say it; where it is left out, the token is what it looks like: an installation"
            " id has 22 characters, a registration token has many more, and a subscription is JSON."
        ),
    )
    app_version: str | None = strawberry.field(
        default=None, description="For support; at most 50 characters."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description=(
            "Made before the call and kept until it is answered: the same call again gets the same secret."
            " With another input it is BAD_INPUT. Without one each call makes another secret."
        ),
    )


@strawberry.input(description="An installation of the member's own.")
class UnregisterDeviceInput:
    device_id: strawberry.ID = strawberry.field(description="Its global id.")


@strawberry.type(
    description=(
        "The phone makes card codes from the secret without a network. If the same"
        " installation registers again, it gets a new secret, and the one before counts until a code of the"
        " new one was scanned, for a day at most."
    )
)
class DeviceRegistered:
    device: Device = strawberry.field(description="The installation.")
    card_secret: str = strawberry.field(
        description=(
            "Base64url without padding of 40 bytes: 8 that name the device, then a key of 32. A card code is"
            " `1` and base64url without padding of 16 bytes: the device's 8, then the first 8 of"
            ' HMAC-SHA256(key, "selo.card.1" + the device\'s 8 + step), where step is Unix time in seconds'
            " divided by 30 and floored, as 8 bytes big-endian. Show it as a QR code of level M; it changes"
            " with the step and is good for one scan. Keep the secret where the phone keeps keys."
        )
    )


@strawberry.type(description="It gets no more push, and its card codes are no longer valid.")
class DeviceUnregistered:
    device_id: strawberry.ID = strawberry.field(description="Which device it was.")


@strawberry.type
class DeviceMutation:
    @strawberry.mutation(
        description=(
            "This installation may make card codes, and gets push if it gives a token. Call it"
            " after signing in and whenever the push token changes. Each call makes a new secret, but one"
            " with an `idempotencyKey` that was answered before."
        )
    )
    async def register_device(self, info: Info, input: RegisterDeviceInput) -> DeviceRegistered:
        dependencies, loaders, caller = info.context.dependencies, info.context.loaders, info.context.member()
        registration = Registration(
            installation=input.installation_id,
            platform=_PLATFORMS[input.platform],
            token=input.token,
            token_kind=None if input.token_kind is None else _TOKEN_KINDS[input.token_kind],
            app_version=input.app_version,
        )
        result = await devices.register(
            dependencies.runtime,
            member=caller.member_id,
            session=caller.session_id,
            registration=registration,
            idempotency_key=input.idempotency_key,
            key=dependencies.card_keys[0],
            now=loaders.world_now,
        )
        return DeviceRegistered(device=device_of(result.device), card_secret=result.card_secret)

    @strawberry.mutation(
        description="Forgets an installation of the member's own, as signing out there does."
    )
    async def unregister_device(self, info: Info, input: UnregisterDeviceInput) -> DeviceUnregistered:
        device = decode_id_as("Device", input.device_id, field="deviceId")
        await devices.unregister(
            info.context.dependencies.runtime.store, member=info.context.member().member_id, device=device
        )
        return DeviceUnregistered(device_id=input.device_id)


def device_of(device: StoredDevice) -> Device:
    """Return a device as its owner sees it."""
    return Device(
        id=strawberry.ID(encode_id("Device", device.id)),
        platform=DevicePlatform[device.platform],
        registered_at=device.registered_at,
        last_seen_at=device.last_seen_at,
        stored=device,
    )


def card_of(member: str, card: CardCode) -> MemberCard:
    """Return a member's card."""
    return MemberCard(
        id=strawberry.ID(encode_id("MemberCard", member)), code=card.code, expires_at=card.expires_at
    )

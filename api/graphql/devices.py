"""Devices and the member's card: what a phone registers, and the short-lived code that it shows at the till."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graphql.basics import Info
from api.graphql.ids import decode_as, encode
from api.graphql.vouchers import QrFormat, QrImage, picture
from domain.services import devices
from domain.services.devices import Card, Registration
from domain.store.devices import Device as Kept


@strawberry.enum
class DevicePlatform(Enum):
    IOS = "IOS"
    ANDROID = "ANDROID"
    WEB = "WEB"


@strawberry.enum
class DeviceTokenKind(Enum):
    TOKEN = "TOKEN"  # noqa: S105 - a kind, no secret
    FID = "FID"


@strawberry.type
class Device:
    id: strawberry.ID
    platform: DevicePlatform
    registered_at: datetime
    last_seen_at: datetime


@strawberry.type
class MemberCard:
    id: strawberry.ID
    code: str
    expires_at: datetime

    @strawberry.field
    def qr(self, format: QrFormat | None = QrFormat.SVG, size: int | None = 256) -> QrImage:
        return picture(self.code, format, size)


@strawberry.input
class RegisterDeviceInput:
    installation_id: str
    platform: DevicePlatform
    token: str | None = strawberry.field(default=None, description="For push: an FCM registration token or a Firebase installation id.")
    token_kind: DeviceTokenKind | None = DeviceTokenKind.FID
    app_version: str | None = None


@strawberry.input
class UnregisterDeviceInput:
    device_id: strawberry.ID


@strawberry.type(
    description="The secret makes card codes on the phone without a network; the same installation asking again gets a fresh one."
)
class DeviceRegistered:
    device: Device
    card_secret: str


@strawberry.type
class DeviceUnregistered:
    device_id: strawberry.ID


@strawberry.type
class DeviceMutation:
    @strawberry.mutation
    async def register_device(self, info: Info, input: RegisterDeviceInput) -> DeviceRegistered:
        services, loaders = info.context.services, info.context.loaders
        registration = Registration(
            installation=input.installation_id,
            platform=input.platform.value,
            token=input.token,
            token_kind=(input.token_kind or DeviceTokenKind.FID).value,
            app_version=input.app_version,
        )
        done = await devices.register(
            services.house.store,
            member=info.context.member().member_id,
            registration=registration,
            key=services.card_key,
            now=loaders.now,
        )
        return DeviceRegistered(device=device_of(done.device), card_secret=done.card_secret)

    @strawberry.mutation
    async def unregister_device(self, info: Info, input: UnregisterDeviceInput) -> DeviceUnregistered:
        device = decode_as("Device", input.device_id, field="deviceId")
        await devices.unregister(info.context.services.house.store, member=info.context.member().member_id, device=device)
        return DeviceUnregistered(device_id=input.device_id)


def device_of(kept: Kept) -> Device:
    """Return a device as its owner sees it."""
    return Device(
        id=strawberry.ID(encode("Device", kept.id)),
        platform=DevicePlatform[kept.platform],
        registered_at=kept.registered_at,
        last_seen_at=kept.last_seen_at,
    )


def card_of(member: str, card: Card) -> MemberCard:
    """Return a member's card."""
    return MemberCard(id=strawberry.ID(encode("MemberCard", member)), code=card.code, expires_at=card.expires_at)

"""Employees: signing in for a shift, and who is signed in."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.caller import StaffCaller
from api.errors import Unauthenticated
from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import ACCESS_TOKEN, ACCESS_TOKEN_EXPIRES_AT, REFRESH_TOKEN
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import encode_id
from api.graphql.engine.problems import SignInRefused, refusals_as_problems, renders
from api.graphql.engine.shared_types import Info, Node, Problem
from api.graphql.member.sign_in import issue_access_token
from api.graphql.member.stores import Store, store_of
from api.graphql.member.vouchers import QrImage
from api.qr import draw, png_data_url
from api.texts import say
from domain.model.people.second_factor import setup_uri
from domain.services import errors
from domain.services.people import staff
from domain.services.people.shifts import staff_sign_in
from domain.store.people import sessions
from domain.store.people.staff import Employee

QR_PIXELS = 320


@enum_of_words(sessions.StaffRole, description="What an employee may do.")
class StaffRole(Enum):
    CASHIER = strawberry.enum_value("CASHIER", description="Scans, records and refunds in their store.")
    MANAGER = strawberry.enum_value("MANAGER", description="That, and corrections with a reason.")
    OPERATOR = strawberry.enum_value(
        "OPERATOR", description="That, in every store, and everything in the console."
    )
    SERVICE = strawberry.enum_value("SERVICE", description="Members, in the console.")
    ANALYST = strawberry.enum_value("ANALYST", description="Figures, in the console.")


@strawberry.type(description="An employee, at the store of this shift.")
class Staff(Node):
    name: str = strawberry.field(description="As the operator wrote it.")
    role: StaffRole = strawberry.field(description="What they may do.")
    store: Store = strawberry.field(
        description="Where this shift is; its code is `@console` for whoever signed in at the console."
    )


@strawberry.input(description="Who begins a shift, and where.")
class StaffSignInInput:
    username: str = strawberry.field(description="Given by the operator.")
    password: str = strawberry.field(description="Theirs.")
    store: str | None = strawberry.field(
        default=None,
        description=(
            "The store's code; left out by whoever signs in at the console: operators, service, analysts."
        ),
    )
    second_factor: str | None = strawberry.field(
        default=None,
        description=(
            "Where SecondFactorNeeded asks for it: the six digits of the authenticator app, or a recovery"
            " code."
        ),
    )
    setup_key: str | None = strawberry.field(
        default=None,
        description="Where SecondFactorNeeded asks for it: given by whoever made the account. It works once.",
    )
    device_token: str | None = strawberry.field(
        default=None,
        description=(
            "As the last sign-in on this till answered it, whoever signed in: guesses from elsewhere then do"
            " not slow this one."
        ),
    )


@enum_of_words(errors.SecondFactorStep, description="What a sign-in has to bring next.")
class SecondFactorStep(Enum):
    CODE = strawberry.enum_value("CODE", description="`secondFactor`.")
    SETUP_KEY = strawberry.enum_value(
        "SETUP_KEY", description="`setupKey`: the employee has no second factor yet."
    )
    ENROL = strawberry.enum_value(
        "ENROL",
        description=(
            "`setupKey` again, and as `secondFactor` the first code of the app that holds `secret`. This"
            " enrols."
        ),
    )


@strawberry.type(
    description=(
        "The password is right; nobody is signed in yet. Sign in again with all that was brought, and what"
        " `step` asks for."
    )
)
class SecondFactorNeeded(Problem):
    step: SecondFactorStep = strawberry.field(description="What to bring.")
    secret: str | None = strawberry.field(
        description="For an authenticator app, to be typed; null unless `step` is ENROL."
    )
    uri: str | None = strawberry.field(
        description="The same as an otpauth address: SHA-1, six digits, 30 seconds. Null unless ENROL."
    )
    qr: QrImage | None = strawberry.field(
        description="The address as a QR code, a PNG of 320 pixels. Null unless ENROL."
    )


@strawberry.type(description="The shift has begun.")
class StaffSignedIn:
    access_token: str = strawberry.field(description=ACCESS_TOKEN)
    access_token_expires_at: datetime = strawberry.field(description=ACCESS_TOKEN_EXPIRES_AT)
    refresh_token: str = strawberry.field(description=REFRESH_TOKEN)
    staff: Staff = strawberry.field(description="Who they are.")
    device_token: str = strawberry.field(
        description="Of this till, for whoever signs in on it next: keep it, and bring it."
    )
    recovery_codes: list[str] | None = strawberry.field(
        description=(
            "Of a second factor that was enrolled by this sign-in, else null. Each works once in place of a"
            " code of the app. They are shown this once."
        )
    )
    recovery_codes_left: int | None = strawberry.field(
        description="How many recovery codes are unused; null without a second factor."
    )


StaffSignInResult = Annotated[
    StaffSignedIn | SecondFactorNeeded | SignInRefused,
    strawberry.union("StaffSignInResult", description="A shift, or why there is none."),
]


@strawberry.type
class StaffQuery:
    @strawberry.field(description="The signed-in employee.")
    async def staff(self, info: Info) -> Staff:
        return await current_employee(info, info.context.staff())


@strawberry.type
class StaffMutation:
    @strawberry.mutation(
        description=(
            "Exchanges a password for a shift at one store, or at the console; operators, service and"
            " analysts bring a second factor too, and managers where the server asks for it."
        )
    )
    @refusals_as_problems
    async def staff_sign_in(self, info: Info, input: StaffSignInInput) -> StaffSignInResult:
        dependencies = info.context.dependencies
        request = staff_sign_in.StaffSignIn(
            username=input.username,
            password=input.password,
            store=input.store,
            second_factor=input.second_factor,
            setup_key=input.setup_key,
            device_token=input.device_token,
        )
        result = await staff_sign_in.sign_in(
            dependencies.runtime, request, now=info.context.loaders.world_now
        )
        access_token = issue_access_token(dependencies, result.opened_session)
        return StaffSignedIn(
            access_token=access_token.token,
            access_token_expires_at=access_token.expires_at,
            refresh_token=result.opened_session.refresh_token,
            staff=_staff_of(
                result.employee,
                role=result.employee.role,
                store=store_of(
                    result.retail_store.code, {result.retail_store.code: result.retail_store.name}
                ),
            ),
            device_token=result.device_token,
            recovery_codes=list(result.recovery_codes) or None,
            recovery_codes_left=result.recovery_codes_left,
        )


@renders(errors.SecondFactorNeeded)
async def _second_factor_needed(
    _info: Info, audience: Audience, refusal: errors.SecondFactorNeeded
) -> SecondFactorNeeded:
    uri = None
    if refusal.secret is not None:
        issuer = audience.text(audience.programme.programme.name)
        uri = setup_uri(refusal.secret, username=refusal.username, issuer=issuer)
    return SecondFactorNeeded(
        message=say(f"second_factor.{refusal.step}", audience.locale),
        step=SecondFactorStep[refusal.step],
        secret=refusal.secret,
        uri=uri,
        qr=None if uri is None else await _qr_image(uri),
    )


async def _qr_image(uri: str) -> QrImage:
    picture = await draw(png_data_url, uri, QR_PIXELS)
    return QrImage(media_type="image/png", data=picture)


async def current_employee(info: Info, caller: StaffCaller) -> Staff:
    """Return the calling employee, at the store of their session."""
    employee = await staff.find(info.context.dependencies.runtime.store, caller.staff_id)
    if employee is None:
        raise Unauthenticated
    names = await info.context.loaders.store_names()
    return _staff_of(employee, role=caller.role, store=store_of(caller.store, names))


def _staff_of(employee: Employee, *, role: sessions.StaffRole, store: Store) -> Staff:
    return Staff(
        id=strawberry.ID(encode_id("Staff", employee.id)),
        name=employee.name,
        role=StaffRole[role],
        store=store,
    )

"""SMS pumping: through the configured senders, a real gateway and the real database, no text message goes to
where somebody would earn by it, and no answer tells who is a member.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from api.process import Process, open_process
from api.senders.configuration import open_senders
from api.senders.sms_limits import zone_country
from api.settings import BadSettings, Settings
from domain.model.people.contacts import phone_country, read_phone
from domain.services.errors import InvalidInput
from domain.services.people.enrolment import Application, enrol
from domain.services.people.one_time_codes import SentCode
from domain.services.people.sign_in import DeviceInput, request_code, sign_in
from domain.services.senders import SENT, SendResult, SmsMessage
from domain.store.connect import Database
from tests.running_app import BEFORE, NUMISCOLLECT, Clock
from tests.senders.recording_endpoint import RecordingEndpoint, serving_endpoint

PORTUGUESE = [f"+35191234567{n}" for n in range(10)]
POLISH, SPANISH, PREMIUM, SATELLITE = "+48512345678", "+34612345678", "+351601234567", "+881612345678"
LANDLINE = "+351212345678"


@pytest.fixture
async def endpoint() -> AsyncIterator[RecordingEndpoint]:
    async with serving_endpoint() as served:
        yield served


@asynccontextmanager
async def opened(
    database: Database,
    endpoint: RecordingEndpoint,
    folder: Path,
    clock: Clock,
    *,
    zone: str = "Europe/Lisbon",
    **settings: Any,
) -> AsyncIterator[Process]:
    """The parts of a server whose programme is of a time zone, with text messages by the gateway."""
    url = f"{endpoint.url}/200?to={{to}}&text={{text}}"
    programme = NUMISCOLLECT.read_text(encoding="utf-8").replace("Europe/Lisbon", zone)
    async with open_process(Settings(data=folder), database, clock=clock) as process:
        await process.programmes.publish(programme, now=BEFORE)
    async with open_process(Settings(data=folder, sms_url=url, **settings), database, clock=clock) as process:
        yield process


async def ask(process: Process, phone: str) -> SentCode:
    return await request_code(process.runtime, contact=phone, locale="en", now=process.clock())


def texted(endpoint: RecordingEndpoint) -> list[str]:
    return [parse_qs(urlsplit(request.url).query)["to"][0] for request in endpoint.requests]


async def join(process: Process, endpoint: RecordingEndpoint, phone: str) -> None:
    """Enrol a member with a phone."""
    now = process.clock()
    application = Application(name="Ana", terms_version="2026-01", phone=phone)
    applied = await enrol(process.runtime, application, key=f"enrol {phone}", now=now)
    code = parse_qs(urlsplit(endpoint.requests[-1].url).query)["text"][0][:6]
    device = DeviceInput(enrolment_token=applied.enrolment_token)
    await sign_in(process.runtime, contact=phone, code=code, device=device, now=now)


async def refused(process: Process, phone: str, *, enrols: bool = False) -> tuple[str, str]:
    application = Application(name="Eve", terms_version="2026-01", phone=phone)
    with pytest.raises(InvalidInput) as fault:
        await (
            enrol(process.runtime, application, key="k", now=process.clock())
            if enrols
            else ask(process, phone)
        )
    return fault.value.field, fault.value.message


async def test_text_messages_go_to_mobile_phones_of_the_programmes_country(
    database: Database, endpoint: RecordingEndpoint, tmp_path: Path
) -> None:
    async with opened(database, endpoint, tmp_path, Clock()) as process:
        await ask(process, PORTUGUESE[0])
        said = "Text messages go to numbers of PT only: give one of those, or an e-mail address."
        assert await refused(process, POLISH) == ("contact", said)
        assert await refused(process, SPANISH, enrols=True) == ("phone", said)
        for number in (PREMIUM, SATELLITE, LANDLINE):
            said = "This is no number of a mobile phone: give one, or an e-mail address."
            assert await refused(process, number) == ("contact", said)
        sms = process.senders.sms
        assert sms is not None
        batch = [
            SmsMessage(str(at), phone, "Hi") for at, phone in enumerate((POLISH, PORTUGUESE[1], PREMIUM))
        ]
        dropped = SendResult("drop_message", "COUNTRY")
        assert list(await sms.send(batch, now=process.clock())) == [dropped, SENT, dropped]
    assert texted(endpoint) == PORTUGUESE[:2]
    assert len(await database.mongo["sign_in_codes"].find({"_id": {"$gt": ""}}).to_list()) == 1


async def test_the_setting_names_other_countries(
    database: Database, endpoint: RecordingEndpoint, tmp_path: Path
) -> None:
    async with opened(database, endpoint, tmp_path, Clock(), sms_countries=["PL", "ES"]) as process:
        await ask(process, POLISH)
        await ask(process, SPANISH)
        assert (await refused(process, PORTUGUESE[0]))[1].startswith(
            "Text messages go to numbers of ES, PL only"
        )
    assert texted(endpoint) == [POLISH, SPANISH]


async def test_a_zone_of_no_country_needs_the_setting(
    database: Database, endpoint: RecordingEndpoint, tmp_path: Path
) -> None:
    with pytest.raises(
        BadSettings, match=r"SELO_SMS_COUNTRIES is needed with SELO_SMS_URL: .* Etc/UTC is of no"
    ):
        async with opened(database, endpoint, tmp_path, Clock(), zone="Etc/UTC"):
            pass
    async with opened(database, endpoint, tmp_path, Clock(), zone="Etc/UTC", sms_countries=["PT"]) as process:
        await ask(process, PORTUGUESE[0])


async def test_beyond_the_cap_only_members_are_sent_codes_and_no_answer_tells(
    database: Database, endpoint: RecordingEndpoint, tmp_path: Path
) -> None:
    clock = Clock()
    settings: dict[str, Any] = {
        "sms_countries": ["PT", "PL"],
        "sms_codes_per_country_hour": 3,
        "sms_codes_per_hour": 5,
    }
    async with opened(database, endpoint, tmp_path, clock, **settings) as process:
        member = PORTUGUESE[0]
        await join(process, endpoint, member)
        clock.advance(hours=1)
        endpoint.requests.clear()
        for _ in range(3):  # members are not counted
            await ask(process, member)
        for number in PORTUGUESE[1:4]:
            await ask(process, number)
        with capture_logs() as logged:
            nobodys = await ask(process, PORTUGUESE[4])
            members = await ask(process, member)
        assert (nobodys.expires_at, len(nobodys.challenge)) == (members.expires_at, len(members.challenge))
        assert logged == [
            {"event": "sms.cap_reached", "log_level": "warning", "country": "PT", "of": "country"}
        ]
        for number in ("+48512345678", "+48512345679", "+48512345670"):
            await ask(process, number)
        while len(endpoint.requests) < 9:
            await asyncio.sleep(0.01)
        assert sorted(texted(endpoint)) == sorted(
            [member] * 4 + PORTUGUESE[1:4] + ["+48512345678", "+48512345679"]
        )
        clock.advance(hours=1)
        await ask(process, PORTUGUESE[5])
        assert texted(endpoint)[-1] == PORTUGUESE[5]


async def test_a_country_that_is_none_is_told_at_the_start() -> None:
    with pytest.raises(BadSettings, match="SELO_SMS_COUNTRIES cannot be used: UK is no country of ISO 3166"):
        async with open_senders(Settings(sms_countries=["UK"]), clock=Clock()):
            pass


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Lisbon", "PT"),
        ("Portugal", "PT"),
        ("Asia/Kolkata", "IN"),
        ("America/New_York", "US"),
        ("UTC", None),
        ("Etc/GMT+1", None),
        ("Factory", None),
    ],
)
def test_the_country_of_a_zone(zone: str, country: str | None) -> None:
    assert zone_country(zone) == country


@pytest.mark.parametrize(
    ("number", "country"),
    [
        (PORTUGUESE[0], "PT"),
        (POLISH, "PL"),
        ("+12025550123", "US"),
        (LANDLINE, None),
        (PREMIUM, None),
        (SATELLITE, None),
        ("+447624312345", "IM"),
    ],
)
def test_the_country_of_a_phone(number: str, country: str | None) -> None:
    assert phone_country(read_phone(number)) == country

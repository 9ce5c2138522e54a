"""Each answer of FCM from the outbox's row to what becomes of it: claimed by the worker, pushed by
firebase-admin, written down.
"""

import asyncio
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from api.senders import firebase
from api.senders.firebase import FirebasePush
from domain.services.messages import delivery_rounds
from domain.services.messages import outbox as operator
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.people import devices
from domain.services.people.devices import Registration
from domain.services.runtime import Runtime
from domain.services.senders import Senders
from domain.store.connect import Database
from domain.store.messages import push_addresses
from tests.houses import join
from tests.senders.fcm import StandIn
from tests.services.post import NOON, happens, loud, phone, row, states, works


@pytest.fixture
async def house(database: Database) -> Runtime:
    return await loud(database)


@pytest.fixture
def post(push: FirebasePush) -> DeliveryWorker:
    return DeliveryWorker(Senders(push=push))


async def visits(house: Runtime, member: str = "ana", *, at: datetime = NOON) -> str:
    """Promise a message to every phone of a member; returns its outbox row."""
    return await happens(house, "visited", member, at=at, place="Baixa", people=2)


async def register(house: Runtime, member: str, token: str, *, at: datetime = NOON) -> None:
    """Let a member's app register its phone."""
    said = Registration("the-phone", "ANDROID", token, "TOKEN")
    await devices.register(house.store, member=member, session="s", registration=said, key=bytes(32), now=at)


async def tokens(house: Runtime, member: str = "ana") -> list[str]:
    """The tokens by which a member can be reached."""
    return sorted(
        one.token for one in (await push_addresses.find_by_members(house.store, [member])).get(member, ())
    )


async def attempts(house: Runtime, id: str) -> list[tuple[str, int]]:
    """State and attempts of a row's deliveries."""
    return [(one.state, one.attempts) for one in (await row(house, id)).deliveries or ()]


async def wait_of(house: Runtime, id: str, *, since: datetime = NOON) -> timedelta:
    return (await row(house, id)).due_at - since


def asked(fcm: StandIn) -> list[str]:
    """Whom FCM was asked to reach, in order."""
    return [seen.address for seen in fcm.seen]


# ---------------------------------------------------------------- devices that are gone
@pytest.mark.parametrize(
    ("gone", "reason"), [("unreg-1", "UNREGISTERED"), ("mismatch-1", "SENDER_ID_MISMATCH")]
)
async def test_a_device_that_is_gone_is_forgotten_and_the_others_are_reached(
    house: Runtime, post: DeliveryWorker, fcm: StandIn, gone: str, reason: str
) -> None:
    for token in (gone, "phone-1", "phone-2"):
        await phone(house, token=token)
    id = await visits(house)
    assert await works(house, post) == 2
    assert sorted(await states(house, id)) == [
        ("push", "dropped", reason),
        ("push", "sent", ""),
        ("push", "sent", ""),
    ]
    assert (await row(house, id)).state == "done"
    assert await tokens(house) == ["phone-1", "phone-2"]
    await visits(house)
    assert await works(house, post) == 2
    assert sorted(asked(fcm)[3:]) == ["phone-1", "phone-2"]


async def test_a_device_that_was_forgotten_is_reached_once_the_app_registers_again(
    house: Runtime, post: DeliveryWorker, fcm: StandIn
) -> None:
    await register(house, "ana", "once-unreg-1")
    await visits(house)
    assert await works(house, post) == 0
    assert await tokens(house) == []
    await register(house, "ana", "once-unreg-1")  # as an app does at each start, with whatever token it has
    await visits(house)
    assert await works(house, post) == 1
    await register(house, "ana", "phone-new")
    await visits(house)
    assert await works(house, post) == 1
    assert asked(fcm) == ["once-unreg-1", "once-unreg-1", "phone-new"]


async def test_a_token_that_moves_to_another_member_leaves_the_first(
    house: Runtime, post: DeliveryWorker, fcm: StandIn
) -> None:
    await join(house, "rui", at=NOON - timedelta(days=1))
    await register(house, "ana", "phone-1")
    await register(house, "rui", "phone-1")
    hers, his = await visits(house), await visits(house, "rui")
    assert await works(house, post) == 1
    assert await states(house, hers) == [("push", "skipped", "no_device")]
    assert await states(house, his) == [("push", "sent", "")]
    assert [seen.message["notification"]["title"] for seen in fcm.seen] == ["Thanks, Rui"]


async def test_where_every_device_is_another_projects_the_operator_hears_and_none_is_forgotten(
    house: Runtime, post: DeliveryWorker, fcm: StandIn
) -> None:
    wrong = ["once-mismatch-1", "once-mismatch-2", "once-mismatch-3"]
    for token in wrong:
        await phone(house, token=token)
    id = await visits(house)
    with capture_logs() as logged:
        assert await works(house, post) == 0
    assert [(one["event"], one["why"]) for one in logged if one["log_level"] == "error"] == [
        ("deliveries.sender_refused", "SENDER_ID_MISMATCH")
    ]
    assert await tokens(house) == wrong
    assert [(one.id, one.error) for one in await operator.list_queue(house, state="pending", first=10)] == [
        (id, "SENDER_ID_MISMATCH")
    ]
    assert await works(house, post, now=NOON + timedelta(minutes=4, seconds=59)) == 0
    assert len(fcm.seen) == 3
    assert (
        await works(house, post, now=NOON + timedelta(minutes=6)) == 3
    )  # once its credentials are the right ones


async def test_where_they_come_one_by_one_none_is_forgotten_either(
    house: Runtime, post: DeliveryWorker, fcm: StandIn
) -> None:
    people = [await join(house, f"m{n}", at=NOON - timedelta(days=1)) for n in range(3)]
    for member in people:
        await phone(house, member, token=f"once-mismatch-{member}")
    ids = list[str]()
    with capture_logs() as logged:
        for member in people:
            ids.append(await visits(house, member))
            assert await works(house, post) == 0
    assert [one["why"] for one in logged if one["log_level"] == "error"] == ["SENDER_ID_MISMATCH"]
    assert [await tokens(house, member) for member in people] == [
        [f"once-mismatch-{member}"] for member in people
    ]
    assert [await attempts(house, id) for id in ids] == [[("pending", 1)], [("pending", 1)], [("pending", 0)]]
    assert await works(house, post, now=NOON + timedelta(minutes=6)) == 3


async def test_once_somebody_was_reached_a_single_one_is_forgotten(
    house: Runtime, post: DeliveryWorker
) -> None:
    await phone(house, token="phone-1")
    await visits(house)
    assert await works(house, post) == 1
    await join(house, "rui", at=NOON - timedelta(days=1))
    await phone(house, "rui", token="mismatch-1")
    await visits(house, "rui")
    assert await works(house, post) == 0
    assert await tokens(house, "rui") == []


async def test_a_404_that_names_no_device_forgets_none(
    house: Runtime, post: DeliveryWorker, fcm: StandIn
) -> None:
    await phone(house, token="once-lost-1")
    id = await visits(house)
    assert await works(house, post) == 0
    assert await states(house, id) == [("push", "pending", "NOT_FOUND")]
    assert await tokens(house) == ["once-lost-1"]
    assert await works(house, post, now=NOON + timedelta(seconds=13)) == 1


async def test_a_message_that_fcm_calls_invalid_is_dropped_and_the_device_at_the_third(
    house: Runtime, post: DeliveryWorker, fcm: StandIn
) -> None:
    await phone(house, token="bad-1")
    for left in (["bad-1"], ["bad-1"], []):
        id = await visits(house)
        assert await works(house, post) == 0
        assert await states(house, id) == [("push", "dropped", "INVALID_ARGUMENT")]
        assert await tokens(house) == left
    assert await states(house, await visits(house)) == []
    assert await works(house, post) == 0
    assert asked(fcm) == ["bad-1"] * 3


async def test_a_device_that_registers_again_is_blamed_from_the_start(
    house: Runtime, post: DeliveryWorker
) -> None:
    await register(house, "ana", "bad-1")
    for _ in range(2):
        await visits(house)
        await works(house, post)
    await register(house, "ana", "bad-2")
    await visits(house)
    await works(house, post)
    assert await tokens(house) == ["bad-2"]


# ---------------------------------------------------------------- quota
@pytest.mark.parametrize(
    ("token", "rest"), [("once-quota-1", timedelta(seconds=7)), ("once-project-1", timedelta(seconds=60))]
)
async def test_a_quota_rests_the_worker_as_long_as_google_asks_else_a_minute(
    house: Runtime, post: DeliveryWorker, fcm: StandIn, token: str, rest: timedelta
) -> None:
    await join(house, "rui", at=NOON - timedelta(days=1))
    await phone(house, token=token)
    await phone(house, "rui", token="phone-1")
    id = await visits(house)
    assert await works(house, post) == 0
    assert rest <= await wait_of(house, id) <= rest + timedelta(seconds=5)
    almost = NOON + rest - timedelta(milliseconds=1)
    other = await visits(house, "rui", at=almost)
    assert await works(house, post, now=almost) == 0
    assert asked(fcm) == [token]
    assert await attempts(house, id) == await attempts(house, other) == [("pending", 0)]
    assert await works(house, post, now=NOON + rest + timedelta(seconds=6)) == 2
    assert sorted(asked(fcm)) == sorted([token, token, "phone-1"])


# ---------------------------------------------------------------- outages
@pytest.mark.parametrize(
    ("token", "reason", "least"),
    [
        ("once-error-1", "INTERNAL", timedelta(seconds=10)),
        ("once-down-1", "UNAVAILABLE", timedelta(seconds=30)),  # as its Retry-After says
        ("once-cut-1", "UNKNOWN", timedelta(seconds=10)),
        ("once-hang-1", "DEADLINE_EXCEEDED", timedelta(seconds=10)),
    ],
)
async def test_an_outage_is_waited_out_with_the_same_collapse_id(
    house: Runtime,
    post: DeliveryWorker,
    fcm: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    reason: str,
    least: timedelta,
) -> None:
    monkeypatch.setattr(firebase, "ANSWER_SECONDS", 1)
    await phone(house, token=token)
    await phone(house, token="phone-1")
    id = await visits(house)
    assert await works(house, post) == 1
    assert sorted(await states(house, id)) == [("push", "pending", reason), ("push", "sent", "")]
    assert least <= await wait_of(house, id) <= least * 1.25
    again = (await row(house, id)).due_at
    assert await works(house, post, now=again - timedelta(milliseconds=1)) == 0
    assert await works(house, post, now=again) == 1
    assert sorted(await attempts(house, id)) == [("sent", 1), ("sent", 2)]
    assert sorted(asked(fcm)) == sorted([token, token, "phone-1"])
    assert len({seen.message["android"]["collapse_key"] for seen in fcm.seen}) == 1
    assert len({seen.message["apns"]["headers"]["apns-collapse-id"] for seen in fcm.seen}) == 1


async def test_an_outage_that_lasts_parks_the_message_at_the_eighth_attempt(
    house: Runtime, post: DeliveryWorker, fcm: StandIn
) -> None:
    await phone(house, token="down-1")
    id, now, waits = await visits(house), NOON, list[timedelta]()
    for _ in range(8):
        assert await works(house, post, now=now) == 0
        waits.append(await wait_of(house, id, since=now))
        now = (await row(house, id)).due_at
    least = [timedelta(seconds=max(30, 10 * 2**n)) for n in range(7)]
    assert [low <= wait <= low * 1.25 for low, wait in zip(least, waits, strict=False)] == [True] * 7
    assert await attempts(house, id) == [("failed", 8)]
    assert [
        (one.id, one.attempts, one.error)
        for one in await operator.list_queue(house, state="parked", first=10)
    ] == [(id, 8, "UNAVAILABLE")]
    assert await works(house, post, now=now + timedelta(days=1)) == 0
    assert len(fcm.seen) == 8
    assert await tokens(house) == ["down-1"]


# ---------------------------------------------------------------- credentials
async def test_apples_refusal_of_our_key_breaks_the_circuit_for_five_minutes_and_alerts(
    house: Runtime, post: DeliveryWorker, fcm: StandIn
) -> None:
    await phone(house, token="auth-1")
    id = await visits(house)
    with capture_logs() as logged:
        assert await works(house, post) == 0
    assert [(one["event"], one["why"]) for one in logged if one["log_level"] == "error"] == [
        ("deliveries.sender_refused", "THIRD_PARTY_AUTH_ERROR")
    ]
    assert asked(fcm) == ["auth-1"] * 3  # what a try costs, and why it is not tried on
    other = await visits(house)
    assert await works(house, post, now=NOON + timedelta(minutes=4, seconds=59)) == 0
    assert len(fcm.seen) == 3
    assert await attempts(house, id) == await attempts(house, other) == [("pending", 0)]
    assert await tokens(house) == ["auth-1"]
    assert await works(house, post, now=NOON + timedelta(minutes=6)) == 0
    assert len(fcm.seen) > 3  # and it is tried again


@pytest.mark.parametrize(("status", "rest"), [(400, timedelta(minutes=5)), (503, timedelta(seconds=60))])
async def test_where_the_token_server_fails_nothing_is_sent_and_all_of_it_later(
    house: Runtime, post: DeliveryWorker, fcm: StandIn, status: int, rest: timedelta
) -> None:
    await phone(house, token="phone-1")
    ids = [await visits(house) for _ in range(3)]
    fcm.token_status = status
    assert await works(house, post) == 0
    assert asked(fcm) == []
    assert [await attempts(house, id) for id in ids] == [[("pending", 0)]] * 3
    waits = [await wait_of(house, id) for id in ids]
    assert [rest <= wait <= rest + timedelta(seconds=5) for wait in waits] == [True] * 3
    fcm.token_status = 200
    assert await works(house, post, now=NOON + rest - timedelta(milliseconds=1)) == 0
    assert await works(house, post, now=NOON + rest + timedelta(seconds=6)) == 3
    assert asked(fcm) == ["phone-1"] * 3


# ---------------------------------------------------------------- a phone that is not reached, and everybody
# else
async def test_a_hang_keeps_nobody_else_waiting(
    house: Runtime, post: DeliveryWorker, fcm: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_rounds, "FINISH_SECONDS", 0.1)
    await join(house, "rui", at=NOON - timedelta(days=1))
    await phone(house, "rui", token="hang-1")
    await phone(house, token="phone-1")
    woken = asyncio.Event()
    working = asyncio.create_task(
        delivery_rounds.keep_delivering(
            house, post, clock=lambda: NOON, woken=woken, on_error=lambda fault: None
        )
    )
    try:
        async with asyncio.timeout(firebase.ANSWER_SECONDS / 2):
            await visits(house, "rui")
            while not fcm.seen:
                woken.set()
                await asyncio.sleep(0.02)
            hers = await visits(house)
            while (await row(house, hers)).state != "done":
                woken.set()
                await asyncio.sleep(0.02)
        assert asked(fcm) == ["hang-1", "phone-1"]
        assert not working.done()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

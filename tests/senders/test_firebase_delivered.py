"""Each answer of FCM and its effect on the outbox row: claimed by the worker, pushed by firebase-admin,
recorded.
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
from tests.loud_runtime import (
    NOON,
    deliver_all_due,
    delivery_states,
    load_outbox_row,
    open_loud_runtime,
    record_event,
    register_phone,
)
from tests.senders.fcm import FcmStandIn
from tests.senders.push_tokens import name_of, registration_token
from tests.small_runtime import join


@pytest.fixture
async def runtime(database: Database) -> Runtime:
    return await open_loud_runtime(database)


@pytest.fixture
def worker(push: FirebasePush) -> DeliveryWorker:
    return DeliveryWorker(Senders(push=push))


async def visits(runtime: Runtime, member: str = "ana", *, at: datetime = NOON) -> str:
    """Record a visit, which sends a message to every phone of a member; return its outbox row."""
    return await record_event(runtime, "visited", member, at=at, place="Baixa", people=2)


async def register(runtime: Runtime, member: str, token: str, *, at: datetime = NOON) -> None:
    """Let a member's app register its phone."""
    said = Registration("the-phone", "ANDROID", registration_token(token), "TOKEN")
    await devices.register(runtime, member=member, session="s", registration=said, key=bytes(32), now=at)


async def tokens(runtime: Runtime, member: str = "ana") -> list[str]:
    """The names of the tokens by which a member can be reached."""
    return sorted(
        name_of(one.token)
        for one in (await push_addresses.find_by_members(runtime.store, [member])).get(member, ())
    )


async def attempts(runtime: Runtime, id: str) -> list[tuple[str, int]]:
    """State and attempts of a row's deliveries."""
    return [(one.state, one.attempts) for one in (await load_outbox_row(runtime, id)).deliveries or ()]


async def wait_of(runtime: Runtime, id: str, *, since: datetime = NOON) -> timedelta:
    return (await load_outbox_row(runtime, id)).due_at - since


def reached_addresses(fcm: FcmStandIn) -> list[str]:
    """The addresses that FCM received messages for, in order."""
    return [name_of(seen.address) for seen in fcm.pushes]


# ---------------------------------------------------------------- devices that are gone
@pytest.mark.parametrize(
    ("gone", "reason"), [("unreg-1", "UNREGISTERED"), ("mismatch-1", "SENDER_ID_MISMATCH")]
)
async def test_a_device_that_is_gone_is_forgotten_and_the_others_are_reached(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn, gone: str, reason: str
) -> None:
    for token in (gone, "phone-1", "phone-2"):
        await register_phone(runtime, token=token)
    id = await visits(runtime)
    assert await deliver_all_due(runtime, worker) == 2
    assert sorted(await delivery_states(runtime, id)) == [
        ("push", "dropped", reason),
        ("push", "sent", ""),
        ("push", "sent", ""),
    ]
    assert (await load_outbox_row(runtime, id)).state == "done"
    assert await tokens(runtime) == ["phone-1", "phone-2"]
    await visits(runtime)
    assert await deliver_all_due(runtime, worker) == 2
    assert sorted(reached_addresses(fcm)[3:]) == ["phone-1", "phone-2"]


async def test_a_device_that_was_forgotten_is_reached_once_the_app_registers_again(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn
) -> None:
    await register(runtime, "ana", "once-unreg-1")
    await visits(runtime)
    assert await deliver_all_due(runtime, worker) == 0
    assert await tokens(runtime) == []
    await register(runtime, "ana", "once-unreg-1")  # as an app does at each start, with whatever token it has
    await visits(runtime)
    assert await deliver_all_due(runtime, worker) == 1
    await register(runtime, "ana", "phone-new")
    await visits(runtime)
    assert await deliver_all_due(runtime, worker) == 1
    assert reached_addresses(fcm) == ["once-unreg-1", "once-unreg-1", "phone-new"]


async def test_a_token_that_moves_to_another_member_leaves_the_first(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn
) -> None:
    await join(runtime, "rui", at=NOON - timedelta(days=1))
    await register(runtime, "ana", "phone-1")
    await register(runtime, "rui", "phone-1")
    hers, his = await visits(runtime), await visits(runtime, "rui")
    assert await deliver_all_due(runtime, worker) == 1
    assert await delivery_states(runtime, hers) == [("push", "skipped", "no_device")]
    assert await delivery_states(runtime, his) == [("push", "sent", "")]
    assert [seen.message["notification"]["title"] for seen in fcm.pushes] == ["Thanks, Rui"]


async def test_where_every_device_is_another_projects_the_operator_hears_and_none_is_forgotten(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn
) -> None:
    wrong = ["once-mismatch-1", "once-mismatch-2", "once-mismatch-3"]
    for token in wrong:
        await register_phone(runtime, token=token)
    id = await visits(runtime)
    with capture_logs() as logged:
        assert await deliver_all_due(runtime, worker) == 0
    assert [(one["event"], one["why"]) for one in logged if one["log_level"] == "error"] == [
        ("deliveries.sender_refused", "SENDER_ID_MISMATCH")
    ]
    assert await tokens(runtime) == wrong
    assert [(one.id, one.error) for one in await operator.list_queue(runtime, state="pending", first=10)] == [
        (id, "SENDER_ID_MISMATCH")
    ]
    assert await deliver_all_due(runtime, worker, now=NOON + timedelta(minutes=4, seconds=59)) == 0
    assert len(fcm.pushes) == 3
    assert (
        await deliver_all_due(runtime, worker, now=NOON + timedelta(minutes=6)) == 3
    )  # once its credentials are the right ones


async def test_where_they_come_one_by_one_none_is_forgotten_either(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn
) -> None:
    people = [await join(runtime, f"m{n}", at=NOON - timedelta(days=1)) for n in range(3)]
    for member in people:
        await register_phone(runtime, member, token=f"once-mismatch-{member}")
    ids = list[str]()
    with capture_logs() as logged:
        for member in people:
            ids.append(await visits(runtime, member))
            assert await deliver_all_due(runtime, worker) == 0
    assert [one["why"] for one in logged if one["log_level"] == "error"] == ["SENDER_ID_MISMATCH"]
    assert [await tokens(runtime, member) for member in people] == [
        [f"once-mismatch-{member}"] for member in people
    ]
    assert [await attempts(runtime, id) for id in ids] == [
        [("pending", 1)],
        [("pending", 1)],
        [("pending", 0)],
    ]
    assert await deliver_all_due(runtime, worker, now=NOON + timedelta(minutes=6)) == 3


async def test_once_somebody_was_reached_a_single_one_is_forgotten(
    runtime: Runtime, worker: DeliveryWorker
) -> None:
    await register_phone(runtime, token="phone-1")
    await visits(runtime)
    assert await deliver_all_due(runtime, worker) == 1
    await join(runtime, "rui", at=NOON - timedelta(days=1))
    await register_phone(runtime, "rui", token="mismatch-1")
    await visits(runtime, "rui")
    assert await deliver_all_due(runtime, worker) == 0
    assert await tokens(runtime, "rui") == []


async def test_a_404_that_names_no_device_forgets_none(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn
) -> None:
    await register_phone(runtime, token="once-lost-1")
    id = await visits(runtime)
    assert await deliver_all_due(runtime, worker) == 0
    assert await delivery_states(runtime, id) == [("push", "pending", "NOT_FOUND")]
    assert await tokens(runtime) == ["once-lost-1"]
    assert await deliver_all_due(runtime, worker, now=NOON + timedelta(seconds=13)) == 1


async def test_a_message_that_fcm_calls_invalid_is_dropped_and_the_device_at_the_third(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn
) -> None:
    await register_phone(runtime, token="bad-1")
    for left in (["bad-1"], ["bad-1"], []):
        id = await visits(runtime)
        assert await deliver_all_due(runtime, worker) == 0
        assert await delivery_states(runtime, id) == [("push", "dropped", "INVALID_ARGUMENT")]
        assert await tokens(runtime) == left
    assert await delivery_states(runtime, await visits(runtime)) == []
    assert await deliver_all_due(runtime, worker) == 0
    assert reached_addresses(fcm) == ["bad-1"] * 3


async def test_a_device_that_registers_again_is_blamed_from_the_start(
    runtime: Runtime, worker: DeliveryWorker
) -> None:
    await register(runtime, "ana", "bad-1")
    for _ in range(2):
        await visits(runtime)
        await deliver_all_due(runtime, worker)
    await register(runtime, "ana", "bad-2")
    await visits(runtime)
    await deliver_all_due(runtime, worker)
    assert await tokens(runtime) == ["bad-2"]


# ---------------------------------------------------------------- quota
@pytest.mark.parametrize(
    ("token", "rest"), [("once-quota-1", timedelta(seconds=7)), ("once-project-1", timedelta(seconds=60))]
)
async def test_a_quota_rests_the_worker_as_long_as_google_asks_else_a_minute(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn, token: str, rest: timedelta
) -> None:
    await join(runtime, "rui", at=NOON - timedelta(days=1))
    await register_phone(runtime, token=token)
    await register_phone(runtime, "rui", token="phone-1")
    id = await visits(runtime)
    assert await deliver_all_due(runtime, worker) == 0
    assert rest <= await wait_of(runtime, id) <= rest + timedelta(seconds=5)
    almost = NOON + rest - timedelta(milliseconds=1)
    other = await visits(runtime, "rui", at=almost)
    assert await deliver_all_due(runtime, worker, now=almost) == 0
    assert reached_addresses(fcm) == [token]
    assert await attempts(runtime, id) == await attempts(runtime, other) == [("pending", 0)]
    assert await deliver_all_due(runtime, worker, now=NOON + rest + timedelta(seconds=6)) == 2
    assert sorted(reached_addresses(fcm)) == sorted([token, token, "phone-1"])


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
async def test_an_outage_is_waited_out_with_the_same_id(
    runtime: Runtime,
    worker: DeliveryWorker,
    fcm: FcmStandIn,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    reason: str,
    least: timedelta,
) -> None:
    monkeypatch.setattr(firebase, "ANSWER_SECONDS", 1)
    await register_phone(runtime, token=token)
    await register_phone(runtime, token="phone-1")
    id = await visits(runtime)
    assert await deliver_all_due(runtime, worker) == 1
    assert sorted(await delivery_states(runtime, id)) == [("push", "pending", reason), ("push", "sent", "")]
    assert least <= await wait_of(runtime, id) <= least * 1.25
    again = (await load_outbox_row(runtime, id)).due_at
    assert await deliver_all_due(runtime, worker, now=again - timedelta(milliseconds=1)) == 0
    assert await deliver_all_due(runtime, worker, now=again) == 1
    assert sorted(await attempts(runtime, id)) == [("sent", 1), ("sent", 2)]
    assert sorted(reached_addresses(fcm)) == sorted([token, token, "phone-1"])
    assert all("collapse_key" not in pushed.message["android"] for pushed in fcm.pushes)
    ids = {
        (reached, pushed.message["apns"]["headers"]["apns-collapse-id"])
        for reached, pushed in zip(reached_addresses(fcm), fcm.pushes, strict=True)
    }
    assert len(ids) == 2


async def test_an_outage_that_lasts_parks_the_message_at_the_eighth_attempt(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn
) -> None:
    await register_phone(runtime, token="down-1")
    id, now, waits = await visits(runtime), NOON, list[timedelta]()
    for _ in range(8):
        assert await deliver_all_due(runtime, worker, now=now) == 0
        waits.append(await wait_of(runtime, id, since=now))
        now = (await load_outbox_row(runtime, id)).due_at
    least = [timedelta(seconds=max(30, 10 * 2**n)) for n in range(7)]
    assert [low <= wait <= low * 1.25 for low, wait in zip(least, waits, strict=False)] == [True] * 7
    assert await attempts(runtime, id) == [("failed", 8)]
    assert [
        (one.id, one.attempts, one.error)
        for one in await operator.list_queue(runtime, state="parked", first=10)
    ] == [(id, 8, "UNAVAILABLE")]
    assert await deliver_all_due(runtime, worker, now=now + timedelta(days=1)) == 0
    assert len(fcm.pushes) == 8
    assert await tokens(runtime) == ["down-1"]


# ---------------------------------------------------------------- credentials
async def test_apples_refusal_of_our_key_breaks_the_circuit_for_five_minutes_and_alerts(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn
) -> None:
    await register_phone(runtime, token="auth-1")
    id = await visits(runtime)
    with capture_logs() as logged:
        assert await deliver_all_due(runtime, worker) == 0
    assert [(one["event"], one["why"]) for one in logged if one["log_level"] == "error"] == [
        ("deliveries.sender_refused", "THIRD_PARTY_AUTH_ERROR")
    ]
    assert reached_addresses(fcm) == ["auth-1"] * 3  # what a try costs, and why it is not tried on
    other = await visits(runtime)
    assert await deliver_all_due(runtime, worker, now=NOON + timedelta(minutes=4, seconds=59)) == 0
    assert len(fcm.pushes) == 3
    assert await attempts(runtime, id) == await attempts(runtime, other) == [("pending", 0)]
    assert await tokens(runtime) == ["auth-1"]
    assert await deliver_all_due(runtime, worker, now=NOON + timedelta(minutes=6)) == 0
    assert len(fcm.pushes) > 3  # and it is tried again


@pytest.mark.parametrize(("status", "rest"), [(400, timedelta(minutes=5)), (503, timedelta(seconds=60))])
async def test_where_the_token_server_fails_nothing_is_sent_and_all_of_it_later(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn, status: int, rest: timedelta
) -> None:
    await register_phone(runtime, token="phone-1")
    ids = [await visits(runtime) for _ in range(3)]
    fcm.token_status = status
    assert await deliver_all_due(runtime, worker) == 0
    assert reached_addresses(fcm) == []
    assert [await attempts(runtime, id) for id in ids] == [[("pending", 0)]] * 3
    waits = [await wait_of(runtime, id) for id in ids]
    assert [rest <= wait <= rest + timedelta(seconds=5) for wait in waits] == [True] * 3
    fcm.token_status = 200
    assert await deliver_all_due(runtime, worker, now=NOON + rest - timedelta(milliseconds=1)) == 0
    assert await deliver_all_due(runtime, worker, now=NOON + rest + timedelta(seconds=6)) == 3
    assert reached_addresses(fcm) == ["phone-1"] * 3


# ---------------------------------------------------------------- a phone that is not reached, and everybody
# else
async def test_a_hang_keeps_nobody_else_waiting(
    runtime: Runtime, worker: DeliveryWorker, fcm: FcmStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_rounds, "FINISH_SECONDS", 0.1)
    await join(runtime, "rui", at=NOON - timedelta(days=1))
    await register_phone(runtime, "rui", token="hang-1")
    await register_phone(runtime, token="phone-1")
    woken = asyncio.Event()
    working = asyncio.create_task(
        delivery_rounds.keep_delivering(
            runtime, worker, clock=lambda: NOON, woken=woken, on_error=lambda fault: None
        )
    )
    try:
        async with asyncio.timeout(firebase.ANSWER_SECONDS / 2):
            await visits(runtime, "rui")
            while not fcm.pushes:
                woken.set()
                await asyncio.sleep(0.02)
            hers = await visits(runtime)
            while (await load_outbox_row(runtime, hers)).state != "done":
                woken.set()
                await asyncio.sleep(0.02)
        assert reached_addresses(fcm) == ["hang-1", "phone-1"]
        assert not working.done()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

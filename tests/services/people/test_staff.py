"""Staff over the real database: a shift at a store, guesses that delay nobody else, and disabling with
immediate effect.
"""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.services.errors import InvalidInput, SignInRefused
from domain.services.people import sessions, staff, stores
from domain.services.people.shifts import staff_sign_in
from domain.services.people.shifts.staff_sign_in import StaffSignedIn, StaffSignIn
from domain.store import audit
from domain.store.people import contacts
from domain.store.people.staff import Employee
from tests.identity_harness import NOW, IdentityHarness

PASSWORD = "correct horse battery"


async def hired(
    harness: IdentityHarness, username: str = "rui", *, store_codes: tuple[str, ...] = ("lisboa",)
) -> Employee:
    if await stores.find(harness.store, "lisboa") is None:
        await stores.add(harness.store, code="lisboa", name="Lisboa", now=NOW)
        await stores.add(harness.store, code="porto", name="Porto", now=NOW)
    return await staff.add(
        harness.identity,
        username=username,
        name="Rui Costa",
        role="CASHIER",
        store_codes=store_codes,
        password=PASSWORD,
        now=NOW,
    )


async def sign_in(
    harness: IdentityHarness,
    *,
    username: str = "rui",
    password: str = PASSWORD,
    store: str = "lisboa",
    after: float = 0,
    **brought: str | None,
) -> StaffSignedIn:
    now = NOW + timedelta(seconds=after)
    request = StaffSignIn(username, password, store, **brought)
    return await staff_sign_in.sign_in(harness.identity, request, now=now)


async def refused(harness: IdentityHarness, **words: object) -> SignInRefused:
    with pytest.raises(SignInRefused) as refusal:
        await sign_in(harness, **words)  # type: ignore[arg-type]
    return refusal.value


async def test_a_shift_is_bound_to_its_store_and_lasts_twelve_hours(harness: IdentityHarness) -> None:
    employee = await hired(harness)
    signed_in = await sign_in(harness, username=" Rui ")
    session = signed_in.opened_session.session
    assert (session.kind, session.owner_id, session.role, session.store) == (
        "staff",
        employee.id,
        "CASHIER",
        "lisboa",
    )
    assert session.expires_at == NOW + timedelta(hours=12)
    later = await sessions.refresh(
        harness.identity, signed_in.opened_session.refresh_token, now=NOW + timedelta(hours=11)
    )
    assert later.session.expires_at == NOW + timedelta(hours=12)
    assert (later.session.role, later.session.store) == ("CASHIER", "lisboa")
    with pytest.raises(SignInRefused):
        await sessions.refresh(harness.identity, later.refresh_token, now=NOW + timedelta(hours=12))


async def test_the_password_is_kept_as_argon2id_alone(harness: IdentityHarness) -> None:
    employee = await hired(harness)
    row = await harness.store["staff"].find_one({"_id": employee.id})
    assert row is not None
    assert row["password"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in str(row)


async def test_a_wrong_password_and_an_unknown_name_are_refused_alike_and_as_slowly(
    harness: IdentityHarness,
) -> None:
    await hired(harness)
    took = []
    for username in ("rui", "nobody"):
        begun = time.perf_counter()
        answer = await refused(harness, username=username, password="wrong password")
        took.append(time.perf_counter() - begun)
        assert (answer.reason, answer.attempts_left, answer.retry_after) == ("WRONG_PASSWORD", None, None)
    assert min(took) > max(took) / 20, "an unknown name skips the hashing"


@pytest.mark.parametrize("username", ["", "a" * 5000, "rui\x00", "{'$ne': 1}", "ŕui"])
async def test_junk_for_a_name_is_a_wrong_password(harness: IdentityHarness, username: str) -> None:
    await hired(harness)
    assert (await refused(harness, username=username)).reason == "WRONG_PASSWORD"


async def test_a_password_longer_than_any_is_wrong(harness: IdentityHarness) -> None:
    await hired(harness)
    assert (await refused(harness, password=PASSWORD + "x" * 100_000)).reason == "WRONG_PASSWORD"


async def test_after_five_wrong_ones_a_name_waits_twice_as_long_each_time(harness: IdentityHarness) -> None:
    await hired(harness)
    for _ in range(5):
        assert (await refused(harness, password="wrong password")).reason == "WRONG_PASSWORD"
    answer = await refused(harness)
    assert (answer.reason, answer.retry_after) == ("TOO_MANY_ATTEMPTS", 2)
    assert (await refused(harness, password="wrong password", after=2)).reason == "WRONG_PASSWORD"
    assert (await refused(harness, after=3)).retry_after == 3
    await sign_in(harness, after=6)
    for _ in range(5):
        assert (await refused(harness, password="wrong password", after=6)).reason == "WRONG_PASSWORD"


async def test_guesses_from_elsewhere_do_not_slow_a_till_that_the_person_knows(
    harness: IdentityHarness,
) -> None:
    await hired(harness)
    await hired(harness, "eva")
    token = (await sign_in(harness)).device_token
    for _ in range(5):
        await refused(harness, password="wrong password")
    for unproven in (None, "", "forged", "x" * 5000):
        assert (await refused(harness, device_token=unproven)).reason == "TOO_MANY_ATTEMPTS"
    assert (await sign_in(harness, device_token=token)).device_token == token
    assert (await refused(harness)).reason == "TOO_MANY_ATTEMPTS"


async def test_a_till_that_others_know_is_none_that_the_person_knows(harness: IdentityHarness) -> None:
    await hired(harness)
    await hired(harness, "eva")
    token = (await sign_in(harness, username="eva")).device_token
    for _ in range(5):
        await refused(harness, password="wrong password")
    assert (await refused(harness, device_token=token)).reason == "TOO_MANY_ATTEMPTS"
    await sign_in(harness, device_token=token, after=2)
    for _ in range(5):
        await refused(harness, password="wrong password", after=2)
    await sign_in(harness, device_token=token, after=2)
    await sign_in(harness, username="eva", device_token=token, after=2)


async def test_a_colleague_at_the_same_till_makes_one_wait_a_minute_at_most(harness: IdentityHarness) -> None:
    await hired(harness)
    token = (await sign_in(harness)).device_token
    waits, after = [], 0.0
    for _ in range(4):
        await refused(harness, password="wrong password", device_token=token)
    for _ in range(12):
        await refused(harness, password="wrong password", device_token=token, after=after)
        waits.append((await refused(harness, device_token=token, after=after)).retry_after or 0)
        after += waits[-1]
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60]
    await sign_in(harness, device_token=token, after=after)


async def test_tries_are_counted_by_all_processes_together(harness: IdentityHarness) -> None:
    await hired(harness)
    other = IdentityHarness(replace(harness.identity), harness.code_sender)
    for at in range(5):
        await refused((harness, other)[at % 2], password="wrong password")
    for each in (harness, other):
        assert (await refused(each)).reason == "TOO_MANY_ATTEMPTS"


async def test_what_is_kept_of_tries_and_tills_names_nobody_and_opens_nothing(
    harness: IdentityHarness,
) -> None:
    await hired(harness)
    token = (await sign_in(harness)).device_token
    await refused(harness, username="my secret password", password="wrong password")
    rows = [
        row
        for name in ("staff_attempts", "tills")
        async for row in harness.store[name].find({"_id": {"$gt": ""}})
    ]
    assert len(rows) == 3
    assert not [row for row in rows if "rui" in str(row) or "secret" in str(row) or token in str(row)]


async def test_thirty_guesses_at_once_are_five(harness: IdentityHarness) -> None:
    await hired(harness)
    answers = await asyncio.gather(*(refused(harness, password=f"wrong password {at}") for at in range(30)))
    reasons = [each.reason for each in answers]
    assert (reasons.count("WRONG_PASSWORD"), reasons.count("TOO_MANY_ATTEMPTS")) == (5, 25)


async def test_a_store_is_told_only_to_who_proved_the_password(harness: IdentityHarness) -> None:
    await hired(harness)
    for store in ("porto", "nowhere"):
        assert (await refused(harness, store=store, password="wrong password")).reason == "WRONG_PASSWORD"
        with pytest.raises(InvalidInput) as wrong:
            await sign_in(harness, store=store)
        assert wrong.value.field == "store"
    assert await harness.store["sessions"].find({"subject": {"$gt": ""}}).to_list() == []


async def test_without_a_store_named_one_may_sign_in_at_any(harness: IdentityHarness) -> None:
    await hired(harness, "olga", store_codes=())
    assert (await sign_in(harness, username="olga", store="porto")).retail_store.name == "Porto"


async def test_whoever_is_disabled_is_out_at_once(harness: IdentityHarness) -> None:
    employee = await hired(harness)
    first, two = await sign_in(harness), await sign_in(harness)
    assert await staff.disable(harness.identity, "RUI", now=NOW) == 2
    assert not harness.identity.session_registry.is_alive(first.opened_session.session.id)
    with pytest.raises(SignInRefused):
        await sessions.refresh(harness.identity, two.opened_session.refresh_token, now=NOW)
    assert (await refused(harness)).reason == "DISABLED"
    assert (await refused(harness, password="wrong password")).reason == "WRONG_PASSWORD"
    stored = await staff.find(harness.store, employee.id)
    assert stored is not None
    assert stored.disabled_at == NOW
    assert await staff.disable(harness.identity, "rui", now=NOW) == 0


async def test_whoever_is_let_in_again_signs_in_with_the_password_they_had(harness: IdentityHarness) -> None:
    await hired(harness)
    assert not await staff.enable(harness.identity, "rui", now=NOW)
    await staff.disable(harness.identity, "rui", now=NOW)
    assert await staff.enable(harness.identity, " Rui ", now=NOW)
    await sign_in(harness)


async def test_another_password_ends_the_sessions_and_lets_in_alone(harness: IdentityHarness) -> None:
    await hired(harness)
    session = (await sign_in(harness)).opened_session.session
    assert await staff.change_password(harness.identity, "rui", "another long one", now=NOW) == 1
    assert not harness.identity.session_registry.is_alive(session.id)
    assert (await refused(harness)).reason == "WRONG_PASSWORD"
    await sign_in(harness, password="another long one")
    for password in ("too short", "Lx9!q" * 26, "password123!", "aaaaaaaaaaaa", "rui costa 77"):
        with pytest.raises(InvalidInput) as fault:
            await staff.change_password(harness.identity, "rui", password, now=NOW)
        assert fault.value.field == "password"
    await sign_in(harness, password="another long one")


async def test_what_is_done_about_staff_is_in_the_audit_trail_once_and_without_a_name(
    harness: IdentityHarness,
) -> None:
    employee = await hired(harness)
    by, hour = "cli:ops", timedelta(hours=1)
    await staff.disable(harness.identity, "rui", actor=by, now=NOW + hour)
    await staff.disable(harness.identity, "rui", actor=by, now=NOW + 2 * hour)
    await staff.enable(harness.identity, "rui", actor=by, now=NOW + 3 * hour)
    await staff.enable(harness.identity, "rui", actor=by, now=NOW + 4 * hour)
    await staff.change_password(harness.identity, "rui", "another long one", actor=by, now=NOW + 5 * hour)
    with pytest.raises(InvalidInput):
        await hired(harness)
    acts = await audit.find_between(harness.store, since=NOW, until=NOW + timedelta(days=1))
    acts = [act for act in acts if act.action != "STORE_ADDED"]
    assert [(act.action, act.actor, act.at - NOW) for act in reversed(acts)] == [
        ("STAFF_ADDED", "cli", timedelta(0)),
        ("STAFF_DISABLED", by, hour),
        ("STAFF_ENABLED", by, 3 * hour),
        ("PASSWORD_CHANGED", by, 5 * hour),
    ]
    assert {(act.subject, act.store, act.member, act.session) for act in acts} == {
        (employee.id, None, None, None)
    }


async def test_an_employee_is_linked_to_their_own_membership(harness: IdentityHarness) -> None:
    await hired(harness)
    await harness.store.transact([contacts.take_write(contacts.number_key("5724816390"), "the-member")])
    employee = await staff.add(
        harness.identity,
        username="eva",
        name="Eva",
        role="MANAGER",
        store_codes=(),
        password=PASSWORD,
        member_number="5724 816 390",
        now=NOW,
    )
    assert employee.member == "the-member"
    assert (await sign_in(harness, username="eva")).opened_session.session.own_members == ("the-member",)


async def test_a_membership_with_an_employees_contact_is_their_own_also_when_it_began_during_the_shift(
    harness: IdentityHarness,
) -> None:
    await hired(harness)
    words = {"name": "Eva", "role": "CASHIER", "store_codes": (), "password": PASSWORD, "now": NOW}
    employee = await staff.add(
        harness.identity,
        username="eva",
        email="Eva@Example.com",
        phone="+351 912 345 678",
        **words,  # type: ignore[arg-type]
    )
    assert employee.contacts == ("email:eva@example.com", "phone:+351912345678")
    opened = (await sign_in(harness, username="eva")).opened_session
    assert opened.session.own_members == ()
    await harness.store.transact(
        [
            contacts.take_write("email:eva@example.com", "by-mail"),
            contacts.take_write("phone:+351912345678", "by-phone"),
        ]
    )
    later = await sessions.refresh(harness.identity, opened.refresh_token, now=NOW + timedelta(minutes=15))
    assert later.session.own_members == ("by-mail", "by-phone")
    assert (await sign_in(harness, username="eva")).opened_session.session.own_members == (
        "by-mail",
        "by-phone",
    )
    assert (await sign_in(harness)).opened_session.session.own_members == ()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"username": "rui"}, "username"),
        ({"username": "no spaces"}, "username"),
        ({"username": ""}, "username"),
        ({"password": "Kq7!xz2w."}, "password"),
        ({"password": "Lx9!q" * 26}, "password"),
        ({"password": "1234567890"}, "password"),
        ({"password": "Benfica2026!"}, "password"),
        ({"password": "abababababab"}, "password"),
        ({"username": "marianne", "password": "Marianne-4-ever"}, "password"),
        ({"store_codes": ("nowhere",)}, "stores"),
        ({"name": "\x00"}, "name"),
        ({"member_number": "0000000000"}, "memberNumber"),
        ({"email": "eva"}, "email"),
        ({"phone": "912 345 678"}, "phone"),
    ],
)
async def test_who_cannot_be_put_on_the_list_is_not(
    harness: IdentityHarness, words: dict[str, object], field: str
) -> None:
    await hired(harness)
    fields: dict[str, object] = {
        "username": "new",
        "name": "New",
        "role": "CASHIER",
        "store_codes": (),
        "password": PASSWORD,
        **words,
    }
    with pytest.raises(InvalidInput) as fault:
        await staff.add(harness.identity, now=NOW, **fields)  # type: ignore[arg-type]
    assert fault.value.field == field
    assert [each.username for each in await staff.list_staff(harness.store)] == ["rui"]


async def test_stores_are_listed_by_code_and_each_code_is_one_store(harness: IdentityHarness) -> None:
    await hired(harness)
    for code in ("lisboa", "Porto Alegre", "", "-x"):
        with pytest.raises(InvalidInput) as fault:
            await stores.add(harness.store, code=code, name="Another", now=NOW)
        assert fault.value.field == "code"
    assert [(each.code, each.name) for each in await stores.list_stores(harness.store)] == [
        ("lisboa", "Lisboa"),
        ("porto", "Porto"),
    ]

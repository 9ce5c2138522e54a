"""Signing in while somebody changes the employee: neither is lost, and no session outlives the change."""

import asyncio

import pytest

from domain.services.errors import SignInRefused
from domain.services.people import staff
from domain.store.document_store import Stale
from domain.store.people import staff as staff_rows
from tests.identity_harness import NOW, IdentityHarness
from tests.services.people.test_staff import hired, sign_in


async def test_no_session_outlives_a_disabling_that_races_with_its_sign_in(harness: IdentityHarness) -> None:
    await hired(harness)
    results = await asyncio.gather(
        *(sign_in(harness) for _ in range(5)),
        staff.disable(harness.identity, "rui", now=NOW),
        return_exceptions=True,
    )
    assert not [
        each for each in results if isinstance(each, BaseException) and not isinstance(each, SignInRefused)
    ]
    rows = [row async for row in harness.store["sessions"].find({"subject": {"$gt": ""}})]
    assert [row["_id"] for row in rows if "ended_at" not in row] == []


async def test_no_session_outlives_a_change_of_password_that_races_with_its_sign_in(
    harness: IdentityHarness,
) -> None:
    await hired(harness)
    change = staff.change_password(harness.identity, "rui", "another long one", now=NOW)
    results = await asyncio.gather(*(sign_in(harness) for _ in range(5)), change, return_exceptions=True)
    assert {each.reason for each in results if isinstance(each, SignInRefused)} <= {"WRONG_PASSWORD"}
    assert not [
        each for each in results if isinstance(each, BaseException) and not isinstance(each, SignInRefused)
    ]
    rows = [row async for row in harness.store["sessions"].find({"subject": {"$gt": ""}})]
    assert [row["_id"] for row in rows if "ended_at" not in row] == []


async def test_a_sign_in_of_the_same_instant_as_another_stands_in_the_way_of_a_new_password(
    harness: IdentityHarness,
) -> None:
    await hired(harness)
    await sign_in(harness)
    employee = await staff_rows.find_by_username(harness.store, "rui")
    assert employee is not None
    async with harness.store.transaction() as session:
        await harness.store.step_of(staff_rows.sign_in_write(employee, None, now=NOW))(session)
        with pytest.raises(Stale):
            await harness.store.transact([staff_rows.password_write(employee.id, "another hash", now=NOW)])

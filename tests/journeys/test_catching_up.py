"""What an app missed: told from the cursor that its home screen read, once, and nothing of what the screen
showed already.
"""

from pathlib import Path

from domain.store.connect import Database
from tests.doors import opened
from tests.journeys.test_live import at_work, subscribed
from tests.services.post import Pushes
from tests.wire import Wire


async def test_what_happens_between_reading_and_subscribing_is_told_from_the_cursor_that_was_read(
    database: Database, wire: Wire, tmp_path: Path
) -> None:
    async with opened(database, wire, tmp_path) as doors, at_work(doors, Pushes()) as address:
        ana, manager = await doors.member(), await doors.hire("maria", "MANAGER")
        home = (
            "{ me { number activityCursor balance { available } messages(first: 100) { edges { node { id } }"
            " } } }"
        )
        before = (await doors.do(home, token=ana))["me"]
        given = {
            "member": before["number"],
            "wallet": "points",
            "amount": 600,
            "reason": "shown",
            "idempotencyKey": "adjust-1",
        }
        await doors.mutate("adjustBalance", given, "__typename", token=manager)
        async with subscribed(doors, address, ana, after=before["activityCursor"]) as phone:
            changed = await phone.hears("BalanceChanged")
            assert changed["activity"]["wallets"][0]["available"] == before["balance"]["available"] + 600
            assert [one["amount"] for one in changed["activity"]["entries"]] == [600]
            message = await phone.hears("MessageReceived")
            assert message["activity"]["message"]["id"] not in [
                one["node"]["id"] for one in before["messages"]["edges"]
            ]
        now = (await doors.do(home, token=ana))["me"]
        async with subscribed(doors, address, ana, after=now["activityCursor"]) as phone:
            again = {**given, "amount": 5, "idempotencyKey": "adjust-2"}
            await doors.mutate("adjustBalance", again, "__typename", token=manager)
            assert [
                one["amount"] for one in (await phone.hears("BalanceChanged"))["activity"]["entries"]
            ] == [5]
            assert len(phone.told["1"]) == 1, "nothing that the home screen showed is told again"


async def test_the_cursor_of_a_member_whom_time_has_changed_is_good(
    database: Database, wire: Wire, tmp_path: Path
) -> None:
    async with opened(database, wire, tmp_path) as doors, at_work(doors, Pushes()) as address:
        ana, manager = await doors.member(), await doors.hire("maria", "MANAGER")
        number = (await doors.do("{ me { number } }", token=ana))["me"]["number"]
        doors.clock.pass_(days=800)
        await doors.mutate("requestSignInCode", {"contact": "ana@example.com"}, "expiresAt")
        ana, manager = await doors.sign_in("ana@example.com"), await doors.hire("rita", "MANAGER")
        me = (
            await doors.do(
                "{ me { activityCursor pointHistory(first: 1) { edges { node { id entryKind } } } } }",
                token=ana,
            )
        )["me"]
        (lapse,) = (edge["node"] for edge in me["pointHistory"]["edges"])
        assert lapse["entryKind"] == "EXPIRE"
        async with subscribed(doors, address, ana, after=me["activityCursor"]) as phone:
            given = {
                "member": number,
                "wallet": "points",
                "amount": 5,
                "reason": "shown",
                "idempotencyKey": "adjust-1",
            }
            await doors.mutate("adjustBalance", given, "__typename", token=manager)
            while [one["amount"] for one in (await phone.hears("BalanceChanged"))["activity"]["entries"]] != [
                5
            ]:
                pass
            assert "Resync" not in [one["activity"]["__typename"] for one in phone.told["1"]]

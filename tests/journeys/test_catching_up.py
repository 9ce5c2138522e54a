"""An app that was away gets what it missed after the cursor of its home screen: each activity once, nothing
that it showed already.
"""

from pathlib import Path

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.journeys.test_live import at_work, subscribed
from tests.loud_runtime import RecordingPushSender
from tests.running_app import open_running_app


async def test_what_happens_between_reading_and_subscribing_is_told_from_the_cursor_that_was_read(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with (
        open_running_app(database, command_log, tmp_path) as app,
        at_work(app, RecordingPushSender()) as address,
    ):
        ana, manager = await app.enrol_member(), await app.hire("maria", "MANAGER")
        home = (
            "{ me { number activityCursor balance { available } messages(first: 100) { edges { node { id } }"
            " } } }"
        )
        before = (await app.do(home, token=ana))["me"]
        purchase = {
            "member": before["number"],
            "wallet": "points",
            "amount": 600,
            "reason": "shown",
            "idempotencyKey": "adjust-1",
        }
        await app.mutate("adjustBalance", purchase, "__typename", token=manager)
        async with subscribed(app, address, ana, after=before["activityCursor"]) as phone:
            changed = await phone.wait_for("BalanceChanged")
            assert changed["activity"]["wallets"][0]["available"] == before["balance"]["available"] + 600
            assert [one["amount"] for one in changed["activity"]["entries"]] == [600]
            message = await phone.wait_for("MessageReceived")
            assert message["activity"]["message"]["id"] not in [
                one["node"]["id"] for one in before["messages"]["edges"]
            ]
        now = (await app.do(home, token=ana))["me"]
        async with subscribed(app, address, ana, after=now["activityCursor"]) as phone:
            again = {**purchase, "amount": 5, "idempotencyKey": "adjust-2"}
            await app.mutate("adjustBalance", again, "__typename", token=manager)
            assert [
                one["amount"] for one in (await phone.wait_for("BalanceChanged"))["activity"]["entries"]
            ] == [5]
            assert len(phone.events["1"]) == 1, "nothing that the home screen showed is told again"


async def test_the_cursor_of_a_member_whom_time_has_changed_is_good(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with (
        open_running_app(database, command_log, tmp_path) as app,
        at_work(app, RecordingPushSender()) as address,
    ):
        ana, manager = await app.enrol_member(), await app.hire("maria", "MANAGER")
        number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
        app.clock.advance(days=800)
        await app.mutate("requestSignInCode", {"contact": "ana@example.com"}, "expiresAt")
        ana, manager = await app.sign_in("ana@example.com"), await app.hire("rita", "MANAGER")
        me = (
            await app.do(
                "{ me { activityCursor pointHistory(first: 1) { edges { node { id entryKind } } } } }",
                token=ana,
            )
        )["me"]
        (lapse,) = (edge["node"] for edge in me["pointHistory"]["edges"])
        assert lapse["entryKind"] == "EXPIRE"
        async with subscribed(app, address, ana, after=me["activityCursor"]) as phone:
            purchase = {
                "member": number,
                "wallet": "points",
                "amount": 5,
                "reason": "shown",
                "idempotencyKey": "adjust-1",
            }
            await app.mutate("adjustBalance", purchase, "__typename", token=manager)
            while [
                one["amount"] for one in (await phone.wait_for("BalanceChanged"))["activity"]["entries"]
            ] != [5]:
                pass
            assert "Resync" not in [one["activity"]["__typename"] for one in phone.events["1"]]

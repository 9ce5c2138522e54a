"""Another secret: what the one before it made goes on working, and one that nobody named does not start."""

from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.http.unsubscribe import unsubscribe_link
from domain.model.people import codes
from domain.store.connect import Database
from domain.store.secret_check import SecretMismatch
from tests.command_log import CommandLog
from tests.graphql.member.voucher_acts import member_with_points, redeem
from tests.running_app import Json, RunningApp, open_running_app

FIRST, SECOND = (
    SecretStr("the first secret of this database"),
    SecretStr("the second secret of this database"),
)


async def vouchers(app: RunningApp, token: str) -> list[str]:
    me = (await app.do("{ me { vouchers(first: 5) { edges { node { code } } } } }", token=token))["me"]
    return [edge["node"]["code"] for edge in me["vouchers"]["edges"]]


async def refresh(app: RunningApp, refresh_token: str) -> Json:
    query = (
        "mutation($t: String!) { refreshSession(input: {refreshToken: $t})"
        " { __typename ... on SessionRefreshed { refreshToken } } }"
    )
    answer: Json = (await app.do(query, {"t": refresh_token}))["refreshSession"]
    return answer


async def scanned(app: RunningApp, till: str, card: str) -> str:
    answer = await app.mutate("scan", {"code": card, "idempotencyKey": card}, "__typename", token=till)
    return str(answer["__typename"])


async def test_all_that_a_named_earlier_secret_made_is_still_read(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path, secret=FIRST) as app:
        token, till = await member_with_points(app), await app.hire("rui")
        code = (await redeem(app, token))["voucher"]["code"]
        registered = await app.mutate(
            "registerDevice", {"installationId": "phone-1", "platform": "IOS"}, "cardSecret", token=token
        )
        device = urlsafe_b64decode(registered["cardSecret"] + "==")
        shown = (await app.do("{ me { card { code } } }", token=token))["me"]["card"]["code"]
        member = await app.process.store["members"].find_one({"_id": {"$gt": ""}})
        assert member is not None
        link = unsubscribe_link(app.process, member["_id"], "marketing").partition("?")[2]
        await app.mutate("requestSignInCode", {"contact": "ana@example.com"}, "__typename")
        input = {"contact": "ana@example.com", "code": app.code_sender.codes["ana@example.com"]}
        signed_in = await app.mutate("signIn", input, "... on SignedIn { refreshToken }")

    async with open_running_app(
        database, command_log, tmp_path, is_new=False, secret=SECOND, secrets_before=[FIRST]
    ) as app:
        assert await vouchers(app, token) == [code]
        card = codes.make_card(device[:8], secret=device[8:], step=codes.step_at(app.clock()))
        assert await scanned(app, till, card) == "CustomerScan"
        assert await scanned(app, till, shown) == "CustomerScan"
        assert (await app.client.get(f"/unsubscribe?{link}")).status_code == 200
        refreshed = await refresh(app, signed_in["refreshToken"])
        assert refreshed["__typename"] == "SessionRefreshed"
        second_code = (await redeem(app, token, key="again"))["voucher"]["code"]

    async with open_running_app(database, command_log, tmp_path, is_new=False, secret=SECOND) as app:
        assert await vouchers(app, token) == [second_code, None], "what only the first secret opens is closed"
        assert (await app.client.get(f"/unsubscribe?{link}")).status_code == 400
        assert (await refresh(app, refreshed["refreshToken"]))["__typename"] == "SessionRefreshed"


async def test_a_secret_that_nobody_named_does_not_start(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path, secret=FIRST) as app:
        token = await member_with_points(app)
        code = (await redeem(app, token))["voucher"]["code"]
        before = await app.process.store["meta"].find_one({"_id": "secret"})
    with pytest.raises(
        SecretMismatch, match=r"is of another secret: set SELO_SECRET .* SELO_SECRETS_BEFORE\."
    ):
        async with open_running_app(database, command_log, tmp_path, is_new=False, secret=SECOND):
            pass
    async with open_running_app(database, command_log, tmp_path, is_new=False, secret=FIRST) as app:
        assert await vouchers(app, token) == [code]
        assert await app.process.store["meta"].find_one({"_id": "secret"}) == before


async def test_a_database_from_before_fingerprints_is_of_the_secret_that_opens_its_vouchers(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    async with open_running_app(database, command_log, tmp_path, secret=FIRST) as app:
        token = await member_with_points(app)
        code = (await redeem(app, token))["voucher"]["code"]
        await app.process.store["meta"].delete_one({"_id": "secret"})
    with pytest.raises(SecretMismatch):
        async with open_running_app(database, command_log, tmp_path, is_new=False, secret=SECOND):
            pass
    async with open_running_app(
        database, command_log, tmp_path, is_new=False, secret=SECOND, secrets_before=[FIRST]
    ) as app:
        assert await vouchers(app, token) == [code]

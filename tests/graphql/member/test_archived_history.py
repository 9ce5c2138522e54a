"""A history whose beginning stands in the archive: lists end there, and say so, to members and to service."""

from pathlib import Path

from domain.services.archiving.choosing import LEAST_DAYS, bound
from domain.services.archiving.moving_out import archive
from domain.store.archive.folder import ArchiveFolder
from domain.store.figures.lease import LeaseHolder
from tests.folding import fold_waiting
from tests.running_app import Json, RunningApp

ME = """{ me { number historyBeginsAt balance { available }
  pointHistory(first: 4) { edges { node { amount explanation { title } } } pageInfo { hasNextPage endCursor } }
  purchases(first: 50) { edges { node { externalId } } pageInfo { hasNextPage } } } }"""
NEXT = """query N($after: String!) { me { pointHistory(first: 50, after: $after) {
  edges { node { amount } } pageInfo { hasNextPage } } } }"""
OF_SERVICE = "query R($m: String!) { memberRecord(member: $m) { profile { historyBeginsAt } } }"


async def buy(app: RunningApp, number: str, receipts: list[str], token: str) -> None:
    for receipt in receipts:
        sale = {"member": number, "externalId": receipt, "currency": "EUR", "total": 3_000}
        await app.mutate("recordPurchase", {**sale, "idempotencyKey": receipt}, "__typename", token=token)


async def test_lists_end_where_the_archive_begins_and_say_since_when(app: RunningApp, tmp_path: Path) -> None:
    member, carla = await app.enrol_member(), await app.hire("carla")
    before: Json = (await app.do(ME, token=member))["me"]
    assert before["historyBeginsAt"] is None
    number = before["number"]
    await buy(app, number, [f"old{place}" for place in range(30)], carla)
    app.clock.advance(days=LEAST_DAYS + 40)
    await buy(app, number, ["new0", "new1"], await app.hire("clara"))
    store, now = app.process.store, app.clock()
    await fold_waiting(app.process.runtime, LeaseHolder(app.clock), now=now)
    begins = bound(now, days=LEAST_DAYS)
    await archive(store, ArchiveFolder(tmp_path / "old"), before=begins, now=now, release="test")

    sara, member = await app.hire("sara", "SERVICE"), app.fresh_token(member)
    after: Json = (await app.do(ME, token=member))["me"]
    told = begins.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert after["historyBeginsAt"] == told
    [record] = (await app.do(OF_SERVICE, {"m": number}, token=sara)).values()
    assert record["profile"]["historyBeginsAt"] == told
    assert [edge["node"]["externalId"] for edge in after["purchases"]["edges"]] == ["new1", "new0"]
    assert not after["purchases"]["pageInfo"]["hasNextPage"]
    assert all(edge["node"]["explanation"] for edge in after["pointHistory"]["edges"])
    cursor = after["pointHistory"]["pageInfo"]["endCursor"]
    rest: Json = (await app.do(NEXT, {"after": cursor}, token=member))["me"]["pointHistory"]
    assert not rest["pageInfo"]["hasNextPage"]
    path = (await app.do("mutation { exportMyData { path } }", token=member))["exportMyData"]["path"]
    answer = await app.client.get(path, headers={"authorization": f"Bearer {member}"})
    assert f'"historyBeginsAt":"{told[:10]}' in answer.text

"""A programme that was published before addresses were checked: what is not safe to open is not shown."""

from tests.running_app import BEFORE, NUMISCOLLECT, RunningApp

UNSAFE = "javascript:alert(document.domain)"


async def test_unsafe_addresses_of_an_older_version_are_not_shown(app: RunningApp) -> None:
    text = NUMISCOLLECT.read_text(encoding="utf-8")
    for written in ("https://numiscollect.example/termos", "/media/collector.svg", "/media/discount-5.svg"):
        assert text.count(written) == 1
        text = text.replace(written, UNSAFE)
    row = {"_id": 2, "digest": "older", "text": text, "published_at": BEFORE, "published_by": None}
    await app.process.store["programmes"].insert_one(row)
    await app.process.store["meta"].update_one({"_id": "programme"}, {"$set": {"version": 2}})
    await app.process.programmes.refresh()
    query = "{ programme { version terms { version url } badges { code art } rewards { code image } } }"
    programme = (await app.do(query))["programme"]
    assert (programme["version"], programme["terms"]) == (2, {"version": "2026-01", "url": ""})
    art = {each["code"]: each["art"] for each in programme["badges"]}
    images = {each["code"]: each["image"] for each in programme["rewards"]}
    assert (art["collector"], images["discount-5"]) == (None, None)
    assert (art["regular"], images["coin-capsules"]) == ("/media/regular.svg", "/media/coin-capsules.svg")

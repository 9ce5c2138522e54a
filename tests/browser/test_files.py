"""The pages' files: texts complete in three languages, no other host, nothing that the policy blocks, little
to fetch.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, build_schema, parse, validate
from playwright.sync_api import Page, Response, Route

from api.http.files.joined_files import JoinedPage
from api.http.pages import JOINED_PAGES
from tests.browser import demo_server

ROOT = Path(__file__).parent.parent.parent
WEB = ROOT / "api" / "web"
ART = ROOT / "scripts" / "demo" / "art"
OURS = [
    path
    for name in ("till", "phone", "console", "undo", "shared")
    for path in sorted((WEB / name).rglob("*"))
    if path.suffix in {".js", ".css", ".html", ".svg"}
]
LANGUAGES = ("en", "pt", "pl")
PLURALS = {"en": {"one", "other"}, "pt": {"one", "many", "other"}, "pl": {"one", "few", "many", "other"}}
FIRST_VIEW_BYTES = {"till": 240_000, "phone": 200_000, "console": 200_000}
TRAVELLING_BYTES = {"till": 100_000, "phone": 60_000, "console": 75_000}  # of these, compressed

Words = dict[str, str | dict[str, str]]


def wings_of(name: str) -> list[str]:
    """The page itself, and its folders with words of their own, which are fetched when somebody goes there."""
    own = {path.parent.parent for path in (WEB / name).rglob("words/en.js")} - {WEB / name}
    return [name, *(folder.relative_to(WEB).as_posix() for folder in sorted(own))]


def words_of(page: Page, pages_url: str, name: str) -> dict[str, Words]:
    page.goto(f"{pages_url}/{name}/")
    folders: list[dict[str, Words]] = page.evaluate(
        "([folders, tags]) => Promise.all(folders.map(async (name) => Object.fromEntries(await Promise.all("
        "tags.map(async (tag) => [tag, (await import(`/${name}/words/${tag}.js`)).default])))))",
        [wings_of(name), list(LANGUAGES)],
    )
    keys = [key for words in folders for key in words["en"]]
    assert len(keys) == len(set(keys)), "no folder has the words of another"
    return {tag: {key: text for words in folders for key, text in words[tag].items()} for tag in LANGUAGES}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_what_the_till_and_the_console_both_say_stands_in_one_place(tag: str) -> None:
    shared = keys_written(WEB / "shared" / "staff-words" / f"{tag}.js")
    assert shared
    for page_name in ("till", "console"):
        for path in (WEB / page_name).rglob(f"words/{tag}.js"):
            assert keys_written(path) & shared == set(), path


def keys_written(path: Path) -> set[str]:
    """The keys that a file of words has by its own text."""
    return set(re.findall(r'^  "?([\w.]+)"?:', path.read_text(encoding="utf-8"), re.MULTILINE))


def keys_asked(name: str) -> tuple[set[str], set[str]]:
    """The keys that a page's code names whole, and the beginnings of those that it puts together."""
    own = "\n".join(path.read_text() for path in (WEB / name).rglob("*.js") if path.parent.name != "words")
    shared = set(re.findall(r'"/shared/([\w-]+\.js)"', own)) if name != "undo" else set()
    source = "\n".join([own, *((WEB / "shared" / each).read_text() for each in sorted(shared))])
    whole = set(re.findall(r'\b(?:t|section)\(\s*"([\w.]+)"', source)) | set(
        re.findall(r'\bt\([^()`]*\? "([\w.]+)" : "(?:[\w.]+)"', source)
    )
    return whole, set(re.findall(r"\bt\(`([\w.]+\.)\$\{", source))


@pytest.mark.parametrize("name", ["till", "phone", "console", "undo"])
def test_every_text_is_there_in_every_language_with_the_same_placeholders(
    page: Page, pages_url: str, name: str
) -> None:
    words = words_of(page, pages_url, name)
    whole, parts = keys_asked(name)
    assert whole - set(words["en"]) == set()
    assert [part for part in parts if not any(key.startswith(part) for key in words["en"])] == []
    for tag in LANGUAGES:
        assert set(words[tag]) == set(words["en"])
        for key, text in words[tag].items():
            forms = [text] if isinstance(text, str) else list(text.values())
            english = words["en"][key]
            wanted = set(re.findall(r"\{(\w+)\}", english if isinstance(english, str) else english["other"]))
            assert {frozenset(re.findall(r"\{(\w+)\}", form)) for form in forms} == {frozenset(wanted)}, (
                f"{tag} {key}"
            )
            assert isinstance(text, str) or set(text) == PLURALS[tag], f"{tag} {key}"


# What the pages write out of the schema's own words.
WRITTEN_OUT = {
    "till": {"role.": "StaffRole", "voucher.": "VoucherState", "fault.reason.": "NotAllowedReason"},
    "phone": {"kind.": "EntryKind", "voucher.": "VoucherState", "platform.": "DevicePlatform"},
    "console": {
        "role.": "StaffRole",
        "voucher.": "VoucherState",
        "status.": "MemberStatus",
        "entry.": "EntryKind",
        "action.": "StaffActionKind",
        "proposal.": "StaffProposalKind",
        "fate.": "DeliveryFate",
        "queue.": "QueueState",
        "figure.": "ShiftFigureKind",
        "platform.": "DevicePlatform",
        "promise.": "PromiseState",
        "channel.": "ChannelState",
        "bulk.": "CorrectionRowFault",
    },
}


@pytest.mark.parametrize("name", ["till", "phone", "console"])
def test_whatever_the_schema_can_say_has_its_word(page: Page, pages_url: str, name: str) -> None:
    words, schema = words_of(page, pages_url, name)["en"], build_schema(demo_server.SCHEMA.read_text())
    for start, enum in WRITTEN_OUT[name].items():
        kinds = schema.type_map[enum]
        assert isinstance(kinds, GraphQLEnumType)
        assert {f"{start}{value}" for value in kinds.values} - set(words) == set()


@pytest.mark.parametrize(
    "path", [*OURS, *sorted(ART.glob("*.svg"))], ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_file_names_another_host_or_holds_what_the_policy_blocks(path: Path) -> None:
    text = path.read_text()
    assert set(re.findall(r"\b(?:https?|wss?)://[\w.]+", text)) <= {"http://www.w3.org"}
    assert (
        re.search(
            r"\.(?:innerHTML|outerHTML)\b|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        )
        is None
    )
    assert (
        path.suffix not in {".html", ".svg"}
        or re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", text) is None
    )


@pytest.mark.parametrize(("name", "worker"), [("till", "selo-till"), ("phone", "selo-phone")])
def test_the_shell_that_is_kept_is_every_file_of_the_page(name: str, worker: str) -> None:
    source = (WEB / name / "sw.js").read_text()
    listed = set(re.findall(r'"([\w./-]+\.(?:js|css|svg|webmanifest))"', source))
    own = {path.relative_to(WEB / name).as_posix() for path in (WEB / name).rglob("*") if path.is_file()}
    imported = {
        match
        for path in (WEB / name).rglob("*.js")
        for match in re.findall(r'"/shared/([\w-]+\.js)"', path.read_text())
    }
    # Of a page whose modules come joined the shell is what it asks for.
    within = set(JoinedPage(WEB, name).within) if name in JOINED_PAGES else set()
    assert own - {"index.html", "sw.js"} - within <= listed
    assert imported - {path.removeprefix("/shared/") for path in within} <= listed
    assert all(
        (WEB / name / each).exists() or any((WEB / shared / each).exists() for shared in ("shared", "vendor"))
        for each in listed
        if not each.startswith("/")
    )
    assert f'"{worker}-' in source


def test_every_vendored_file_is_the_one_that_its_manifest_names() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "scripts" / "vendor", "--check"], check=False, capture_output=True, text=True
    )
    assert (check.returncode, check.stdout) == (0, "Every vendored file is the one its manifest names.\n")


def test_the_manifest_names_version_licence_and_hash_of_each_package() -> None:
    packages = json.loads((WEB / "vendor" / "manifest.json").read_text())["packages"]
    assert ("zxing-wasm", "3.1.4", "MIT") in {
        (each["name"], each["version"], each["licence"]) for each in packages
    }
    assert all(
        each["version"] and each["licence"] and each["integrity"].startswith("sha512-") for each in packages
    )
    assert all(len(file["sha256"]) == 64 for each in packages for file in each["files"])


@pytest.mark.parametrize("name", ["till", "phone", "console"])
def test_the_first_view_is_small_and_comes_from_here_alone(page: Page, pages_url: str, name: str) -> None:
    answers: list[Response] = []
    page.on(
        "response",
        lambda response: answers.append(response) if response.request.service_worker is None else None,
    )
    page.goto(f"{pages_url}/{name}/")
    page.wait_for_selector("h1", state="attached")
    page.wait_for_load_state("networkidle")
    own = [answer for answer in answers if not answer.url.endswith("/graphql")]
    assert {answer.url.startswith(f"{pages_url}/") for answer in answers} == {True}
    assert [answer.url for answer in own if answer.status >= 400] == []
    travelled = sum(answer.request.sizes()["responseBodySize"] for answer in own)
    assert 20_000 < travelled < TRAVELLING_BYTES[name]
    assert sum(len(answer.body()) for answer in own) < FIRST_VIEW_BYTES[name]


@pytest.mark.usefixtures("vouchers")
@pytest.mark.parametrize("name", ["till", "phone", "console"])
def test_every_question_of_a_page_is_one_that_the_schema_answers(
    page: Page, pages_url: str, name: str
) -> None:
    schema = build_schema(demo_server.SCHEMA.read_text())
    page.goto(f"{pages_url}/{name}/")
    queries: dict[str, str] = {
        f"{folder} {key}" if folder != name else key: text
        for folder in wings_of(name)
        for key, text in page.evaluate(
            f"async () => ({{ ...(await import('/{folder}/queries.js')) }})"
        ).items()
    }
    later = set() if demo_server.offers("memberActivity") else {"LIVE", "MESSAGES", "MARK_READ"}
    certain = {
        key: "\n".join(line for line in text.split("\n") if not line.rstrip().endswith("#?"))
        for key, text in queries.items()
        if key not in later
    }
    faults = {
        key: [fault.message for fault in validate(schema, parse(text))] for key, text in certain.items()
    }
    assert {key: found for key, found in faults.items() if found} == {}


@pytest.mark.parametrize("name", ["till", "phone"])
def test_each_line_that_an_older_server_may_lack_is_whole_by_itself(
    page: Page, pages_url: str, name: str
) -> None:
    """Lines are left out one by one: a selection that reaches over several would be broken in two."""
    page.goto(f"{pages_url}/{name}/")
    queries: dict[str, str] = page.evaluate(f"async () => ({{ ...(await import('/{name}/queries.js')) }})")
    optional = {line for text in queries.values() for line in text.split("\n") if "#?" in line}
    assert len(optional) > 5
    for line in optional:
        assert line.rstrip().endswith("#?"), line
        assert line.count("#?") == 1, line
        parse(f"{{ {line.rstrip().removesuffix('#?')} }}")


def test_what_an_older_server_lacks_is_left_out_and_no_more(page: Page, pages_url: str) -> None:
    asked: list[str] = []

    def answer(route: Route) -> None:
        query = " ".join(json.loads(route.request.post_data or "")["query"].split())
        asked.append(query)
        unknown = {
            "message": "Cannot query field 'stamps' on type 'Badge'.",
            "extensions": {"code": "BAD_INPUT"},
        }
        route.fulfill(json={"errors": [unknown]} if "stamps" in query else {"data": {}})

    page.goto(f"{pages_url}/undo/")
    page.route("**/graphql", answer)
    page.evaluate(
        """async () => {
          const { Session } = await import("/shared/graphql.js");
          const document = ["{ me {", "badges { id stamps } #?", "segments { code } #?", "} }"].join("\\n");
          await new Session("probe").askPublic(document);
        }"""
    )
    assert asked == ["{ me { badges { id stamps } segments { code } } }", "{ me { segments { code } } }"]


@pytest.mark.parametrize("path", [each for each in OURS if each.suffix == ".css"], ids=lambda path: path.name)
def test_nothing_moves_for_those_who_asked_for_stillness(path: Path) -> None:
    text = path.read_text()
    moving = re.sub(
        r"@media \(prefers-reduced-motion: no-preference\) \{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", text
    )
    # What fades in once does not move.
    assert [
        each for each in re.findall(r"(?:animation|transition): *([\w-]+)", moving) if each != "appear"
    ] == []


@pytest.mark.parametrize(
    ("address", "is_kept"),
    [
        ("https://club.example/terms", True),
        ("/media/coin.svg", True),
        ("coin.svg", True),
        ("javascript:document.title='owned'", False),
        (" JavaScript:document.title='owned'", False),
        ("java\nscript:document.title='owned'", False),
        ("data:text/html,<script>1</script>", False),
        ("blob:https://club.example/1", False),
        ("intent://scan/#Intent;end", False),
        ("https://[", False),
    ],
)
def test_no_page_makes_a_link_or_a_picture_of_what_could_run(
    page: Page, pages_url: str, address: str, is_kept: bool
) -> None:
    page.goto(f"{pages_url}/phone/")
    made = page.evaluate(
        """async (address) => {
          const { html, render } = await import("/shared/preact.js");
          const place = document.createElement("div");
          // A source of sound that is in no player loads nothing.
          render(html`<a href=${address}></a><source src=${address} />`, place);
          const [link, source] = place.children;
          return [link.getAttribute("href"), source.getAttribute("src")];
        }""",
        address,
    )
    assert made == ([address, address] if is_kept else [None, None])

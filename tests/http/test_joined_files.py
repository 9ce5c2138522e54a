"""A page's modules joined: each once, in the order of its imports, and what cannot be joined is refused."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from api.http.files.joined_files import JoinedPage, NotJoinable
from api.http.pages import WEB

APP = """/* The first. */
import { count, Name as Own } from "./state.js";
import half, { double } from "/shared/sums.js";

// Half of twice as much.
console.log(JSON.stringify([double(half(count())), Own, typeof import.meta.url]));
export const later = () => import("/page/later.js");
"""
STATE = """let counted = 20;
export function count() { return ++counted; }
const inner = "own";
export { inner as Name };
"""
SUMS = "export default function(n){return n/2};export{twice as double};var twice=n=>n*2;\n"
LATER = 'import { count } from "./state.js";\nexport { double } from "/shared/sums.js";\nexport const next = count();\n'


def web(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


FILES = {
    "page/app.js": APP,
    "page/state.js": STATE,
    "page/later.js": LATER,
    "page/page.css": '@import "/shared/base.css";\n\n/* Ours. */\n.b { color: blue; }\n',
    "shared/sums.js": SUMS,
    "shared/base.css": "/* Base. */\n.a { color: red; }\n",
}


def test_joined_modules_run_as_they_do_apart_and_share_what_they_keep(tmp_path: Path) -> None:
    page = JoinedPage(web(tmp_path / "web", FILES), "page")
    served = {name: page.read(name) for name in ("app.js", "later.js", "state.js")}
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "package.json").write_text('{"type": "module"}')
    for name, text in served.items():
        assert text is not None
        assert "Half of twice" not in text
        (folder / name).write_text(text.replace('"/page/', f'"{folder}/'))
    run = (
        f'const app = await import("{folder}/app.js"); const later = await app.modules["{folder}/app.js"].later();'
        f' const state = await import("{folder}/state.js");'
        "console.log(JSON.stringify([later.next, later.double(2), state.count(), state.Name]));"
    )
    said = subprocess.run(
        ["node", "--input-type=module", "-e", run], check=True, capture_output=True, text=True
    ).stdout
    assert [json.loads(line) for line in said.splitlines()] == [[21, "own", "string"], [22, 4, 23, "own"]]


def test_style_sheets_come_with_those_that_they_import(tmp_path: Path) -> None:
    page = JoinedPage(web(tmp_path, FILES), "page")
    assert page.read("page.css") == ".a { color: red; }\n\n.b { color: blue; }\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"page/state.js": 'import { later } from "./app.js";\nexport const count = later, Name = 1;\n'},
            "these modules import each other: /page/app.js > /page/state.js > /page/app.js",
        ),
        (
            {"page/state.js": "export let count = 1;\nexport const Name = 2;\n"},
            "/page/app.js imports count of /page/state.js, which changes later",
        ),
        (
            {
                "page/app.js": 'export const all = [import("/page/one.js"), import("/page/two.js")];\n',
                "page/one.js": 'import { count } from "./state.js";\nexport const one = count();\n',
                "page/two.js": 'import { count } from "./state.js";\nexport const two = count();\n',
            },
            "/page/state.js is loaded later by /page/one.js and by /page/two.js: import it in app.js",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    page = JoinedPage(web(tmp_path, {**FILES, **files}), "page")
    name = "one.js" if "page/one.js" in files else "app.js"
    with pytest.raises(NotJoinable) as refused:
        page.read(name)
    assert str(refused.value) == said


def test_every_file_of_the_phone_page_can_be_joined() -> None:
    page = JoinedPage(WEB, "phone")
    names = [path.relative_to(WEB / "phone").as_posix() for path in sorted((WEB / "phone").rglob("*.js"))]
    plain = {name for name in names if page.read(name) is None} - page.within
    words = {f"{part}words/{tag}.js" for part in ("", "club/") for tag in ("en", "pl", "pt")}
    assert plain == {"sw.js", *words}

"""The house keeps its own rules: names, sizes and the one spelling of event names. `pyproject.toml` has the law
of imports.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

from domain.model import event_names

ROOT = Path(__file__).parent.parent
EVENT_NAMES_FILE = "domain/model/event_names.py"
MAX_FILES_IN_FOLDER = 22
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

BANNED_NAMES = frozenset(
    "one found kept told seen given asked it that those theirs thing item stuff data res tmp x".split()  # noqa: SIM905 - one line reads best
)

# Where a contract fixes the word: the file, the name, and the contract.
ALLOWED_NAMES: Mapping[tuple[str, str], str] = {
    ("api/settings/__init__.py", "data"): "the environment variable SELO_DATA",
    ("api/graphql/till/events.py", "data"): "the GraphQL field RecordEventInput.data",
    ("api/graphql/engine/compiling/operations.py", "data"): "the argument of graphql-core's build_response",
    ("api/graphql/member/vouchers.py", "data"): "the GraphQL field QrImage.data",
    ("api/commands/archiving/archive.py", "data"): "the option --data",
    ("api/commands/audit.py", "data"): "the option --data",
    ("api/commands/members/erasure.py", "data"): "the option --data",
    ("api/commands/export/fiscal.py", "data"): "the option --data",
    ("api/commands/export/member.py", "data"): "the option --data",
    ("api/commands/export/series.py", "data"): "the option --data",
    ("api/commands/imports/members.py", "data"): "the option --data",
    ("api/commands/imports/people.py", "data"): "the option --data",
    ("api/commands/clock.py", "data"): "the option --data",
    ("api/commands/figures/figures.py", "data"): "the option --data",
    ("api/commands/codes.py", "data"): "the option --data",
    ("api/commands/members/contact.py", "data"): "the option --data",
    ("api/commands/members/merge.py", "data"): "the option --data",
    ("api/commands/keys.py", "data"): "the option --data",
    ("api/commands/migrate.py", "data"): "the option --data",
    ("api/commands/demo_data/history.py", "data"): "the option --data",
    ("api/commands/figures/backtest.py", "data"): "the option --data",
    ("api/commands/ops/backup.py", "data"): "the option --data",
    ("api/commands/ops/move.py", "data"): "the option --data",
    ("api/commands/ops/restore.py", "data"): "the option --data",
    ("api/commands/outbox.py", "data"): "the option --data",
    ("api/commands/people.py", "data"): "the option --data",
    ("api/commands/programme.py", "data"): "the option --data",
    ("api/commands/serve.py", "data"): "the option --data",
    ("api/commands/turn.py", "data"): "the option --data",
    ("api/commands/proof/verify.py", "data"): "the option --data",
    ("api/commands/proof/repair.py", "data"): "the option --data",
    ("api/commands/worker.py", "data"): "the option --data",
    ("domain/model/programme/header.py", "data"): "the key `data` of a programme file's event",
    ("domain/model/simulate/inputs.py", "data"): "the key `data` of an input line",
    ("domain/model/ledger/events.py", "data"): "`event.data`, as expressions read it",
    (
        "domain/model/ledger/decision.py",
        "data",
    ): "the `data` of the event that a message is about, stored under that name",
    ("domain/model/messages/rendering.py", "data"): "the `data` of the event that a message is about",
    ("domain/model/programme/check/loops.py", "data"): "`event.data`, as conditions read it",
    ("domain/store/messages/inbox.py", "data"): "the stored field inbox.data",
    ("domain/store/messages/outbox.py", "data"): "the stored field outbox.data",
    ("domain/store/ledger/vouchers.py", "given"): "the stored field vouchers.given",
    ("domain/store/requests.py", "asked"): "the stored field requests.asked",
}

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class SourceFile:
    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        return list(ast.walk(self.tree))


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that a file binds, and the line."""

    name: str
    line: int


@pytest.fixture(scope="module", autouse=True)
def parsed_once() -> Iterator[None]:
    """Let the syntax trees of all code go once the house was looked at: they take hundreds of megabytes."""
    yield
    _files_of.cache_clear()


def source_files(*folders: str) -> list[SourceFile]:
    """Return the Python files of some folders of the project."""
    return [file for folder in folders for file in _files_of(folder)]


@cache
def _files_of(folder: str) -> list[SourceFile]:
    """Return the files of a folder, read and parsed once for all tests here."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return [SourceFile(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def bindings(tree: ast.AST) -> Iterator[Binding]:
    """Yield every name that is bound outside comprehensions, and every attribute that is set on `self`."""
    targets = {
        id(name)
        for comprehension in ast.walk(tree)
        if isinstance(comprehension, COMPREHENSIONS)
        for generator in comprehension.generators
        for name in ast.walk(generator.target)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) if id(node) not in targets:
                yield Binding(name, node.lineno)
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield Binding(name, node.lineno)
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield Binding(name, node.lineno)
            case ast.ClassDef(name=name):
                yield Binding(name, node.lineno)
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                yield Binding(name, node.lineno)
            case ast.MatchMapping(rest=str(name)):
                yield Binding(name, node.lineno)
            case ast.alias(name=name, asname=alias):
                yield Binding(alias or name.partition(".")[0], node.lineno)


def classes(node: ast.AST, *, outer: str | None = None) -> Iterator[tuple[str, int]]:
    """Yield name and line of every class but the `Settings` that Beanie wants within a document."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            if not (outer is not None and child.name == "Settings"):
                yield child.name, child.lineno
            yield from classes(child, outer=child.name)
        else:
            yield from classes(child, outer=outer)


def test_no_class_name_stands_twice_in_the_domain() -> None:
    places = defaultdict(list)
    for file in source_files("domain"):
        for name, line in classes(file.tree):
            places[name].append(f"{file.path}:{line}")
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


@pytest.mark.parametrize("folder", ["domain", "api"])
def test_no_pronoun_or_placeholder_is_a_name(folder: str) -> None:
    assert [
        f"{file.path}:{binding.line} {binding.name}"
        for file in source_files(folder)
        for binding in bindings(file.tree)
        if binding.name in BANNED_NAMES and (file.path, binding.name) not in ALLOWED_NAMES
    ] == []


def test_every_exception_to_the_banned_names_is_needed() -> None:
    bound = {
        (file.path, binding.name) for file in source_files("domain", "api") for binding in bindings(file.tree)
    }
    assert ALLOWED_NAMES.keys() - bound == set()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("for it in row: pass", ["it"]),
        ("with open(row) as data: pass", ["data"]),
        ("import os.path as tmp", ["tmp"]),
        ("import res.parts", ["res"]),
        ("def told(seen, *given, **kept): pass", ["given", "kept", "seen", "told"]),
        ("try: pass\nexcept ValueError as found: pass", ["found"]),
        ("match row:\n  case [x, *those]: pass\n  case {**item}: pass", ["item", "those", "x"]),
        ("self.stuff = 1", ["stuff"]),
        ("lambda thing: thing", ["thing"]),
        ("[one for one in row]", []),
        ("[row for row in rows if (asked := row)]", ["asked"]),
    ],
)
def test_each_way_to_bind_a_name_is_checked(code: str, names: list[str]) -> None:
    assert sorted(binding.name for binding in bindings(ast.parse(code))) == names


def test_no_folder_holds_too_many_files() -> None:
    counts = Counter(str(Path(file.path).parent) for file in source_files("domain", "api"))
    assert {folder: count for folder, count in counts.items() if count > MAX_FILES_IN_FOLDER} == {}


def test_no_file_is_too_long() -> None:
    lengths = {
        file.path: len(file.text.splitlines()) for file in source_files("domain", "api", "tests", "scripts")
    }
    assert {path: length for path, length in lengths.items() if length > MAX_FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    assert [
        f"{file.path}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for file in source_files("domain", "api", "tests", "scripts")
        for node in file.nodes
        if isinstance(node, FUNCTIONS) and node.end_lineno is not None
        if node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES
    ] == []


def test_a_dataclass_is_made_in_one_way() -> None:
    assert [
        f"{file.path}:{node.lineno} imports dataclass from dataclasses, not from domain.model.values"
        for file in source_files("domain", "api")
        if file.path != "domain/model/values.py"
        for node in file.nodes
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses"
        if "dataclass" in {alias.name for alias in node.names}
    ] == []


# The same word is something else: the file, the word, and what it is.
OTHER_WORDS: Mapping[tuple[str, str], str] = {
    ("domain/model/programme/vocabulary.py", "member.birthday"): "a variable of expressions",
    ("domain/model/figures/folds/people.py", "referral.qualified"): "a path of the ledger's state",
}


def test_an_event_name_is_spelled_by_its_constant() -> None:
    constants = {
        value: name for name, value in vars(event_names).items() if name.isupper() and type(value) is str
    }
    assert len(constants) > 20
    assert [
        f"{file.path}:{node.lineno} {node.value!r} is {constants[node.value]}"
        for file in source_files("domain", "api")
        if file.path != EVENT_NAMES_FILE
        for node in file.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in constants
        if (file.path, node.value) not in OTHER_WORDS
    ] == []

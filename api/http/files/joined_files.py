"""A page's modules as few files: what its first module imports is joined into it when it is first asked for,
so that a phone on a slow network waits for one answer in place of forty. Nobody has to build anything, and
the code still reads as it was written, but for its comments.

    app.js            with every module that it imports, each in a function of its own
    screens/me.js     loaded when it is needed: with what only it imports; the rest comes from app.js
    phone.js          a module that is in app.js: its exports, from there
    phone.css         with the style sheets that it imports

Modules are what the pages' own are: imports and exports stand at the beginning of lines, and name what they
mean. What this cannot join it refuses: modules that import each other, bindings that change after their
module ran, and a module that two others load later.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from domain.model.values import dataclass

_IMPORT = re.compile(r'^import\s*(?:([\w$]+)\s*,?\s*)?(?:\{([^}]*)\}\s*)?from\s*"([^"]+)";?', re.MULTILINE)
_FIRST_IMPORT = re.compile(r'import\s*(?:([\w$]+)\s*,?\s*)?(?:\{([^}]*)\}\s*)?from\s*"([^"]+)";?')
_DECLARED = re.compile(r"^export (const|let|function|async function|class) ([\w$]+)", re.MULTILINE)
_LISTED = re.compile(r'(?:^|(?<=[;}]))export\s*\{([^}]*)\}(?:\s*from\s*"([^"]+)")?;?', re.MULTILINE)
_DEFAULT = re.compile(r"(?:^|(?<=[;}]))export default ", re.MULTILINE)
_LATER = re.compile(r'\bimport\("([^"]+\.js)"\)')
# Comments that begin a line, and indentation: neither means anything in what the pages write.
_COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)[ \t]*\n", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^[ \t]+|\n(?=\n)", re.MULTILINE)
_STYLE_IMPORT = re.compile(r'^@import "([^"]+)";$', re.MULTILINE)


class NotJoinable(Exception):
    """Modules that cannot be one file, and why."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module: what it imports by path, what it exports, each with its name within, and its text without
    both.
    """

    path: str
    imports: Mapping[str, tuple[tuple[str, str], ...]]
    exports: Mapping[str, str]
    handed_on: tuple[tuple[str, str, str], ...]
    changing: frozenset[str]
    later: tuple[str, ...]
    text: str


class JoinedFiles:
    """The joined files of one page of the folder `web`, whose first module is `app.js`."""

    def __init__(self, web: Path, page: str) -> None:
        self._web, self._page = web, page
        self._sources = tuple(
            each
            for folder in (page, "shared", "vendor")
            for each in sorted((web / folder).rglob("*"))
            if each.suffix in (".js", ".css")
        )
        self._joined: tuple[tuple[int, ...], JoinedPage] | None = None

    def sources(self) -> tuple[Path, ...]:
        """Return every file that a joined one may hold: when one of them changes, all are joined anew."""
        return self._sources

    def as_of(self, stamp: tuple[int, ...]) -> "JoinedPage":
        """Return the page as its sources are at a stamp of them all."""
        if self._joined is None or self._joined[0] != stamp:
            self._joined = (stamp, JoinedPage(self._web, self._page))
        return self._joined[1]


class JoinedPage:
    """The joined files of a page as its modules are when they are first read."""

    def __init__(self, web: Path, page: str) -> None:
        self._web, self._page = web, page
        self._entry = f"/{page}/app.js"
        self._head = f'import {{ modules }} from "{self._entry}";'

    def read(self, name: str) -> str | None:
        """Return the joined text of a file of the page; None where it is served as it is. Raises
        NotJoinable.
        """
        path = f"/{self._page}/{name}"
        if name.endswith(".css"):
            return self._style(path)
        modules = self._modules
        if path == self._entry:
            return self._main
        if path in self._within_main:
            exports = _exports(modules[path], f'modules["{path}"]')
            return "\n".join((self._head, exports))
        return self._later_file(path) if path in self._entries else None

    @property
    def within(self) -> frozenset[str]:
        """What comes with another file and is asked for by nobody: modules by their path, the page's own by
        name.
        """
        entries = {self._entry, *self._entries}
        paths = {*self._within_main, *(path for paths in self._entries.values() for path in paths)} - entries
        return frozenset(path.removeprefix(f"/{self._page}/") for path in paths)

    # ---------------------------------------------------------------- what belongs together

    @cached_property
    def _modules(self) -> Mapping[str, Module]:
        """Every module that the page may load, by its path."""
        modules: dict[str, Module] = {}
        waiting = [self._entry]
        while waiting:
            path = waiting.pop()
            if path in modules:
                continue
            modules[path] = module = read_module(path, (self._web / path.lstrip("/")).read_text("utf-8"))
            waiting += [*module.imports, *module.later, *(source for source, _, _ in module.handed_on)]
        return modules

    @cached_property
    def _within_main(self) -> tuple[str, ...]:
        return self._in_order(self._entry, frozenset())

    @cached_property
    def _entries(self) -> Mapping[str, tuple[str, ...]]:
        """The page's modules that are loaded later, each with the modules that come with it."""
        owned: dict[str, str] = {}
        entries: dict[str, tuple[str, ...]] = {}
        main = frozenset(self._within_main)
        begun = {later for module in self._modules.values() for later in module.later} - main
        for entry in sorted(each for each in begun if each.startswith(f"/{self._page}/")):
            entries[entry] = self._in_order(entry, main)
            for path in entries[entry]:
                if path in owned:
                    raise NotJoinable(
                        f"{path} is loaded later by {owned[path]} and by {entry}: import it in app.js"
                    )
                owned[path] = entry
        return entries

    def _in_order(self, entry: str, without: frozenset[str]) -> tuple[str, ...]:
        """Return a module with all that it imports, each behind those that it imports itself."""
        done: dict[str, None] = {}

        def visit(path: str, above: tuple[str, ...]) -> None:
            if path in above:
                raise NotJoinable(f"these modules import each other: {' > '.join((*above, path))}")
            if path in done or path in without:
                return
            module = self._modules[path]
            for source in (*module.imports, *(source for source, _, _ in module.handed_on)):
                visit(source, (*above, path))
            done[path] = None

        visit(entry, ())
        return tuple(done)

    # ---------------------------------------------------------------- the files

    @cached_property
    def _main(self) -> str:
        names = {path: f"m{number}" for number, path in enumerate(self._within_main)}
        bodies = [self._function(path, names) for path in self._within_main]
        table = ", ".join(f'"{path}": {name}' for path, name in names.items())
        return "\n".join((*bodies, f"export const modules = {{ {table} }};\n"))

    def _later_file(self, entry: str) -> str:
        paths = self._entries[entry]
        names = {path: f'modules["{path}"]' for path in self._within_main}
        names |= {path: f"m{number}" for number, path in enumerate(paths)}
        bodies = [self._function(path, names) for path in paths]
        return "\n".join((self._head, *bodies, _exports(self._modules[entry], names[entry])))

    def _function(self, path: str, names: Mapping[str, str]) -> str:
        module = self._modules[path]
        lines = [f"const {names[path]} = (() => {{ // {path}"]
        for source, bindings in module.imports.items():
            self._expect_constant(path, source, bindings)
            taken = ", ".join(there if there == here else f"{there}: {here}" for there, here in bindings)
            lines.append(f"const {{ {taken} }} = {names[source]};")
        own = [name if name == inner else f"{name}: {inner}" for name, inner in module.exports.items()]
        handed = [f"{name}: {names[source]}.{there}" for source, there, name in module.handed_on]
        lines += [module.text.strip(), f"return {{ {', '.join((*own, *handed))} }};", "})();"]
        return "\n".join(lines)

    def _expect_constant(self, path: str, source: str, bindings: tuple[tuple[str, str], ...]) -> None:
        changing = self._modules[source].changing & {there for there, _ in bindings}
        if changing:
            raise NotJoinable(
                f"{path} imports {', '.join(sorted(changing))} of {source}, which changes later"
            )

    def _style(self, path: str) -> str:
        text = _shorter((self._web / path.lstrip("/")).read_text("utf-8"))
        return _STYLE_IMPORT.sub(lambda match: self._style(match[1]), text)


def read_module(path: str, text: str) -> Module:
    """Return what a module imports, exports and loads later."""
    imports: dict[str, list[tuple[str, str]]] = {}

    def take_import(match: re.Match[str]) -> str:
        default, listed, source = match.groups()
        bindings = imports.setdefault(_absolute(path, source), [])
        bindings += [("default", default)] if default else []
        bindings += _named(listed or "")
        return ""

    exports: dict[str, str] = {}
    changing: set[str] = set()
    handed_on: list[tuple[str, str, str]] = []

    def take_declared(match: re.Match[str]) -> str:
        kind, name = match.groups()
        exports[name] = name
        if kind == "let":
            changing.add(name)
        return f"{kind} {name}"

    def take_listed(match: re.Match[str]) -> str:
        listed, source = match.groups()
        if source is None:
            exports.update({name: inner for inner, name in _named(listed)})
        else:
            handed_on.extend((_absolute(path, source), inner, name) for inner, name in _named(listed))
        return ""

    text = _shorter(text)
    while first := _FIRST_IMPORT.match(text):  # also where a smaller writes all on one line
        take_import(first)
        text = text[first.end() :].lstrip()
    text = _IMPORT.sub(take_import, text)
    text = _LISTED.sub(take_listed, _DECLARED.sub(take_declared, text))
    if _DEFAULT.search(text):
        text = _DEFAULT.sub("const standard = ", text, count=1)
        exports["default"] = "standard"
    later = tuple(_absolute(path, each) for each in _LATER.findall(text))
    return Module(
        path,
        {source: tuple(bindings) for source, bindings in imports.items()},
        exports,
        tuple(handed_on),
        frozenset(changing),
        later,
        text,
    )


def _shorter(text: str) -> str:
    return _INDENT.sub("", _COMMENT.sub("", text))


def _named(listed: str) -> list[tuple[str, str]]:
    """Return the pairs of `a, b as c`: its name there, and its name here."""
    pairs = [part.split(" as ") for part in (each.strip() for each in listed.split(",")) if part]
    return [(pair[0].strip(), pair[-1].strip()) for pair in pairs]


def _absolute(path: str, source: str) -> str:
    if source.startswith("/"):
        return source
    parts = path.split("/")[:-1]
    for part in source.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _exports(module: Module, name: str) -> str:
    names = [*module.exports, *(each for _, _, each in module.handed_on)]
    constants = [each for each in names if each != "default" and each not in module.changing]
    lines = [f"export const {{ {', '.join(constants)} }} = {name};"] if constants else []
    lines += [f"export default {name}.default;"] if "default" in names else []
    return "\n".join((*lines, ""))

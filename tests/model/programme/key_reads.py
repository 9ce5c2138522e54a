"""Which keys of a programme file the code acts on, found by the type checker.

A key counts as acted on where code outside `domain.model.programme` reads it, or calls a method or function
there that does. What only the file's own check, its loading or its report reads, does not count. The type
checker knows of every read which class it is on, so that one key's reads never pass for another's of its name.
"""

from __future__ import annotations

import ast
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mypy import build
from mypy.modulefinder import BuildSource
from mypy.nodes import Expression, MemberExpr, MypyFile, TypeInfo
from mypy.options import Options
from mypy.traverser import NameAndMemberCollector
from mypy.types import Instance, Type, TypeType, TypeVarType, UnionType, get_proper_type

ROOT = Path(__file__).parents[3]
PACKAGE = "domain.model.programme"
# What reads a file without acting on it.
CHECKING = tuple(
    f"{PACKAGE}.{name}"
    for name in ("check", "faults", "inactive", "loading", "parsing", "remedies", "report", "validation")
)
Reads = set[str]


@dataclass
class ReadGraph:
    """Who reads or calls what, by full names: `domain.model.programme.wallets.WalletSpec.kind`."""

    reads: Mapping[str, Reads] = field(default_factory=lambda: defaultdict(set))

    def acted_on(self) -> Reads:
        """Return all that code outside the programme's own files reaches."""
        reached = {name for source, names in self.reads.items() if not _is_ours(source) for name in names}
        waiting = list(reached)
        while waiting:
            for name in self.reads.get(waiting.pop(), ()):
                if name not in reached:
                    reached.add(name)
                    waiting.append(name)
        return reached


def read_graph(planted: Mapping[str, tuple[str, str]]) -> ReadGraph:
    """Check the types of the code, and return what it reads. `planted` has replacements in the text of modules."""
    options = Options()
    options.export_types = options.preserve_asts = True
    options.incremental = False
    options.cache_dir = os.devnull  # two workers may check at once
    options.python_version = (3, 11)
    options.namespace_packages = options.explicit_package_bases = True
    options.ignore_missing_imports = True
    # What libraries are does not matter here, but for strawberry's Private, which types our own fields.
    options.follow_imports = "skip"
    options.per_module_options = {"strawberry.*": {"follow_imports": "silent"}}
    options.build_per_module_cache()
    options.mypy_path = [str(ROOT)]
    result = build.build(list(_sources(planted)), options)
    graph = ReadGraph()
    for name, file in result.files.items():
        if name.partition(".")[0] in ("domain", "api") and not name.startswith(CHECKING):
            _note_reads(file, result.types, graph)
    return graph


def _sources(planted: Mapping[str, tuple[str, str]]) -> Iterator[BuildSource]:
    for path in sorted(path for folder in ("domain", "api") for path in (ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = None
        if module in planted:
            old, new = planted[module]
            text = path.read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{old!r} stands once in {module}"
            text = text.replace(old, new)
        yield BuildSource(str(path), module, text, base_dir=str(ROOT))


def _is_ours(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


def _note_reads(file: MypyFile, types: Mapping[Expression, Type], graph: ReadGraph) -> None:
    """Note each attribute that is read and each function that is named, by the function that does it."""
    functions = list(_functions(ast.parse(Path(file.path).read_text(encoding="utf-8")), file.fullname))
    collector = NameAndMemberCollector()
    file.accept(collector)
    for expression in (*collector.name_exprs, *collector.member_exprs):
        names = [expression.fullname]
        if isinstance(expression, MemberExpr) and expression.expr in types:
            names += [_defining_name(owner, expression.name) for owner in _classes(types[expression.expr])]
        source = next((name for name, lines in functions if expression.line in lines), file.fullname)
        graph.reads[source] |= {name for name in names if name}


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, range]]:
    """Yield the name and the lines of each function, the inner ones first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}.{child.name}"
            yield from _functions(child, name)
            if not isinstance(child, ast.ClassDef):
                yield name, range(child.lineno, (child.end_lineno or child.lineno) + 1)
        else:
            yield from _functions(child, prefix)


def _defining_name(owner: TypeInfo, name: str) -> str:
    """Return the full name of an attribute, by the class that defines it; nothing where none does."""
    return next((f"{base.fullname}.{name}" for base in owner.mro if name in base.names), "")


def _classes(owner: Type) -> Iterator[TypeInfo]:
    match get_proper_type(owner):
        case Instance(type=info):
            yield info
        case UnionType(items=items):
            for each in items:
                yield from _classes(each)
        case TypeVarType(upper_bound=bound):
            yield from _classes(bound)
        case TypeType(item=cls):
            yield from _classes(cls)

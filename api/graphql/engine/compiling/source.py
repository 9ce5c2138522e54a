"""The Python source that an operation is compiled to: functions of a value and its run, and the names that
they use.

Nothing of a client's text is in it but aliases, as string literals: names of fields and classes are our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from strawberry.execution import optimized_is_awaitable

from api.graphql.engine.compiling.runs import Later, NotPlain, Run

# Returns a value as it is answered. Raises NotPlain where the library has to do it.
Complete = Callable[[Any, Run], object]
# Deeper than that Python nests no more blocks: what stands there is a function of its own.
MAX_BLOCKS = 12


class Source:
    """The functions of one value of an operation."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {
            "NotPlain": NotPlain,
            "Later": Later,
            "is_awaitable": optimized_is_awaitable,
        }
        self.functions: list[str] = []
        self._tables: dict[str, Mapping[type, str]] = {}
        self._last = 0

    def fresh(self, letter: str) -> str:
        """Return a name that nothing has yet."""
        self._last += 1
        return f"{letter}{self._last}"

    def bind(self, value: object) -> str:
        """Return the name by which the source reads a value of ours."""
        name = self.fresh("b")
        self.names[name] = value
        return name

    def bind_functions(self, by_class: Mapping[type, str]) -> str:
        """Return the name of a table of functions of this source, by the class of their value."""
        self._tables[name := self.bind({})] = by_class
        return name

    def function(self) -> Function:
        """Return a new function `name(value, run)`, whose lines are still to come."""
        return Function(self, self.fresh("complete"))

    def load(self, name: str) -> Complete:
        """Return a function of the source, ready to run."""
        code = compile("\n".join(self.functions), "<compiled operation>", "exec")
        exec(code, self.names)  # noqa: S102 - written from our own types, see above
        for table, by_class in self._tables.items():
            self.names[table] = {each: self.names[function] for each, function in by_class.items()}
        return cast(Complete, self.names[name])


class Function:
    """One function, line by line."""

    def __init__(self, source: Source, name: str) -> None:
        self.source, self.name = source, name
        self._lines = [f"def {name}(value, run):"]
        self._counts: list[int] = []
        self.blocks = 1

    def add(self, line: str) -> None:
        self._lines.append(" " * self.blocks + line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Begin a block, such as a condition; what is added inside belongs to it."""
        self.add(f"{head}:")
        self.blocks += 1
        yield
        self.blocks -= 1

    @contextmanager
    def counted(self, times: str = "") -> Iterator[None]:
        """Count the fields of all objects inside at once, before they are read."""
        at, indent = len(self._lines), " " * self.blocks
        self._lines.append("")
        self._counts.append(0)
        yield
        if count := self._counts.pop():
            self._lines[at] = f"{indent}run.count({count}{times})"

    def count(self, fields: int) -> None:
        self._counts[-1] += fields

    @contextmanager
    def checked(self, v: str, condition: str, *, nullable: bool) -> Iterator[None]:
        """Go on only with a value that meets a condition, or is null where it may be: that stays as it is."""
        if not nullable:
            self.add(f"if not ({condition}): raise NotPlain")
            yield
            return
        with self.block(f"if {condition}"):
            self.add("pass")
            with self.counted():
                yield
        self.add(f"elif {v} is not None: raise NotPlain")

    def end(self, result: str) -> str:
        """Return the name of the function, which is complete and returns this expression."""
        self.add(f"return {result}")
        self.source.functions.append("\n".join(filter(None, self._lines)))
        return self.name

"""Has every operation answered both ways, compiled and by the library alone, and compares the answers."""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
import pytest
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.graphql.engine.compiling.operations import CompilingExecutor


class Differing(BaseException):
    """The two ways differ. No resolver's `except Exception` shall take it for a fault of its own."""


@dataclass(slots=True)
class Ways:
    """What was compared, and which root fields gave the compiled way up."""

    compared: int = 0
    given_up: list[str] = field(default_factory=list)


@contextmanager
def _no_fault_but_ours(value: object) -> Iterator[None]:
    """Raise Differing where the library finds a fault in what the compiled way has answered."""
    try:
        yield
    except Exception as error:
        raise Differing(f"{value!r} and {error!r}") from error


def compare_both_ways(monkeypatch: pytest.MonkeyPatch) -> Ways:
    """Complete each root field by the library too, after its compiled way; raise Differing unless the bytes
    are equal.
    """
    ways, complete = Ways(), CompilingExecutor._complete

    def both(self: CompilingExecutor, compiled: Any, arguments: tuple[Any, ...]) -> Any:
        value = complete(self, compiled, arguments)
        if self.is_awaitable(value):
            return awaited(self, value, arguments)
        if _gave_up(self, arguments):
            return value
        with _no_fault_but_ours(value):
            library = by_library(self, arguments)
        return later(value, library) if self.is_awaitable(library) else compare(value, library)

    async def awaited(self: CompilingExecutor, value: Awaitable[Any], arguments: tuple[Any, ...]) -> Any:
        completed = await value
        if _gave_up(self, arguments):
            return completed
        with _no_fault_but_ours(completed):
            library = by_library(self, arguments)
        return await later(completed, library) if self.is_awaitable(library) else compare(completed, library)

    async def later(value: Any, library: Awaitable[Any]) -> Any:
        with _no_fault_but_ours(value):
            completed = await library
        return compare(value, completed)

    def _gave_up(self: CompilingExecutor, arguments: tuple[Any, ...]) -> bool:
        if arguments[3].key in self._given_up:
            ways.given_up.append(str(arguments[3].key))
            return True
        return False

    def by_library(self: CompilingExecutor, arguments: tuple[Any, ...]) -> Any:
        self._given_up.add(arguments[3].key)
        self.values = 0
        return StrawberryGraphQLCoreExecutionContext.complete_value(self, *arguments)

    def compare(value: Any, library: Any) -> Any:
        ways.compared += 1
        if orjson.dumps(value) != orjson.dumps(library):
            raise Differing(f"{value!r} and {library!r}")
        return value

    monkeypatch.setattr(CompilingExecutor, "_complete", cast(Any, both))
    return ways

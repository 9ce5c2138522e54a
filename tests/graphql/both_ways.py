"""Has every operation answered both ways, compiled and by the library alone, and compares the answers."""

from collections.abc import Awaitable
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


def compare_both_ways(monkeypatch: pytest.MonkeyPatch) -> Ways:
    """Complete each root field by the library too, after its compiled way; raise Differing unless the bytes
    are equal.
    """
    ways, complete = Ways(), CompilingExecutor._complete

    def both(self: CompilingExecutor, compiled: Any, arguments: tuple[Any, ...]) -> Any:
        value = complete(self, compiled, arguments)
        if not self.is_awaitable(value):
            library = None if _gave_up(self, arguments) else by_library(self, arguments)
            return (
                compare(self, value, library)
                if not self.is_awaitable(library)
                else later(self, value, library)
            )
        return awaited(self, value, arguments)

    async def awaited(self: CompilingExecutor, value: Awaitable[Any], arguments: tuple[Any, ...]) -> Any:
        completed = await value
        if _gave_up(self, arguments):
            return completed
        library = by_library(self, arguments)
        return (
            await later(self, completed, library)
            if self.is_awaitable(library)
            else compare(self, completed, library)
        )

    async def later(self: CompilingExecutor, value: Any, library: Any) -> Any:
        return compare(self, value, await library)

    def _gave_up(self: CompilingExecutor, arguments: tuple[Any, ...]) -> bool:
        if arguments[3].key in self._given_up:
            ways.given_up.append(str(arguments[3].key))
            return True
        return False

    def by_library(self: CompilingExecutor, arguments: tuple[Any, ...]) -> Any:
        self._given_up.add(arguments[3].key)
        self.values = 0
        return StrawberryGraphQLCoreExecutionContext.complete_value(self, *arguments)

    def compare(self: CompilingExecutor, value: Any, library: Any) -> Any:
        ways.compared += 1
        if library is not None and orjson.dumps(value) != orjson.dumps(library):
            raise Differing(f"{value!r} and {library!r}")
        return value

    monkeypatch.setattr(CompilingExecutor, "_complete", cast(Any, both))
    return ways

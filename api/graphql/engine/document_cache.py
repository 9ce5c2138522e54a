"""Documents that were parsed, weighed and validated once, by their text.

`DocumentCache.get(text)` returns a `PreparedDocument` that may run, or raises TooCostly or InvalidDocument. A
refused document is not stored. The cache is bounded by documents and by characters, and evicts the document
that was unused for longest, so junk cannot fill the memory.

`DocumentCache.find` also takes Apollo's automatic persisted queries: a document that once came with its hash
is found by the hash alone, for as long as it is in the cache. A hash that is not the document's own is
refused, so nobody can put another document behind it.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Sequence

from graphql import GraphQLError, GraphQLSchema, parse, specified_rules, validate
from graphql.language import DocumentNode, Lexer, Source, TokenKind

from api.errors import BadInput, PersistedQueryNotFound, PersistedQueryNotSupported, TooCostly
from api.graphql.engine.compiling.operations import CompiledDocument
from api.graphql.engine.disclosure import LIVE_FIELDS, SECRET_FIELDS, asked_fields
from api.graphql.engine.error_rendering import MAX_ERRORS
from api.graphql.engine.limits import DocumentLimits, OperationPlan, weigh, without_repeats
from domain.model.values import dataclass

# Longer than any number or key of the API; reading n digits takes n squared steps.
_LONG_NUMBER = re.compile(r"[0-9]{200}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class InvalidDocument(Exception):
    """The document does not parse, or is not valid against the schema. `faults` are for the client."""

    def __init__(self, faults: Sequence[GraphQLError]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults[:MAX_ERRORS])


@dataclass(frozen=True, slots=True)
class PersistedQuery:
    """What a client says of its document in `extensions.persistedQuery`. `sha256` is in lower-case hex; None
    where the client means another version, or another hash, than this server knows.
    """

    sha256: str | None


def read_persisted_query(version: object, sha256: object) -> PersistedQuery:
    """Return what `version` and `sha256Hash` say. What is not understood is not supported."""
    if version == 1 and isinstance(sha256, str) and _SHA256.fullmatch(sha256):
        return PersistedQuery(sha256.lower())
    return PersistedQuery(None)


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A valid document and a plan for each of its operations.

    `secret_fields` and `live_fields` are those of `api.graphql.engine.disclosure` that it asks for.
    """

    document: DocumentNode
    plans: tuple[OperationPlan, ...]
    compiled: CompiledDocument
    secret_fields: frozenset[tuple[str, str]] = frozenset()
    live_fields: frozenset[tuple[str, str]] = frozenset()

    def plan_for(self, name: str | None) -> OperationPlan:
        """Return the plan of the operation that runs. Raises BadInput where the name selects none."""
        if name is None:
            if len(self.plans) != 1:
                raise BadInput(
                    "The document holds several operations: say which by operationName.",
                    field="operationName",
                )
            return self.plans[0]
        for plan in self.plans:
            if plan.name == name:
                return plan
        raise BadInput("The document holds no operation of that name.", field="operationName")


class DocumentCache:
    """The documents of one schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: DocumentLimits,
        *,
        introspection: bool = True,
        documents_at_most: int = 1_000,
        characters_at_most: int = 400_000,
    ) -> None:
        self.schema, self.limits, self.introspection = schema, limits, introspection
        self._documents_at_most, self._characters_at_most = documents_at_most, characters_at_most
        self._prepared_by_text: OrderedDict[str, PreparedDocument] = OrderedDict()
        self._texts_by_sha256: dict[str, str] = {}
        self._sha256_by_text: dict[str, str] = {}
        self._characters = 0
        # The first run of each rule compiles its visitors: the first caller shall not wait for it.
        validate(schema, parse("{ __typename }"))

    def __len__(self) -> int:
        return len(self._prepared_by_text)

    def find(self, text: str | None, persisted: PersistedQuery | None) -> PreparedDocument:
        """Return the document of a text, of a hash, or of both: then it is found by the hash from now on.

        Raises PersistedQueryNotFound and PersistedQueryNotSupported for a hash alone, BadInput for a hash of
        another text, and what `get` raises.
        """
        sha256 = persisted.sha256 if persisted is not None else None
        if text is None:
            if sha256 is None:
                raise PersistedQueryNotSupported
            if sha256 not in self._texts_by_sha256:
                raise PersistedQueryNotFound
            return self.get(self._texts_by_sha256[sha256])
        if sha256 is None or sha256 == self._sha256_by_text.get(text):
            return self.get(text)
        if len(text) <= self.limits.characters and sha256 != hashlib.sha256(text.encode()).hexdigest():
            raise BadInput(
                "extensions.persistedQuery.sha256Hash is not the SHA-256 of query.", field="extensions"
            )
        prepared = self.get(text)
        self._texts_by_sha256[sha256], self._sha256_by_text[text] = text, sha256
        return prepared

    def get(self, text: str) -> PreparedDocument:
        prepared = self._prepared_by_text.get(text)
        if prepared is None:
            prepared = self._prepare(text)
            self._store(text, prepared)
        else:
            self._prepared_by_text.move_to_end(text)
        return prepared

    def _store(self, text: str, prepared: PreparedDocument) -> None:
        self._prepared_by_text[text] = prepared
        self._characters += len(text)
        while (
            len(self._prepared_by_text) > self._documents_at_most
            or self._characters > self._characters_at_most
        ):
            evicted_text, _ = self._prepared_by_text.popitem(last=False)
            self._characters -= len(evicted_text)
            self._texts_by_sha256.pop(self._sha256_by_text.pop(evicted_text, ""), None)

    def _prepare(self, text: str) -> PreparedDocument:
        if len(text) > self.limits.characters:
            raise TooCostly(limit="characters", maximum=self.limits.characters, value=len(text))
        if _LONG_NUMBER.search(text):
            raise BadInput("A number in the query is too long.")
        # Without locations a document takes half the memory. A faulty one is parsed again with locations,
        # so that its errors name the places.
        document = self._parse(text, locations=False)
        plans = weigh(document, self.schema, self.limits)
        if not plans:
            raise InvalidDocument([GraphQLError("The document holds no operation.")])
        if not self.introspection and any(
            name in ("__schema", "__type") for plan in plans for name in plan.roots
        ):
            raise InvalidDocument([GraphQLError("Introspection is turned off here.")])
        document = without_repeats(document)
        if self._faults(document):
            raise InvalidDocument(self._faults(without_repeats(self._parse(text, locations=True))))
        fields = asked_fields(self.schema, document)
        return PreparedDocument(
            document, plans, CompiledDocument.of(document), fields & SECRET_FIELDS, fields & LIVE_FIELDS
        )

    def _faults(self, document: DocumentNode) -> list[GraphQLError]:
        return validate(
            self.schema,
            document,
            specified_rules,
            max_errors=MAX_ERRORS,
            hide_suggestions=not self.introspection,
        )

    def _parse(self, text: str, *, locations: bool) -> DocumentNode:
        try:
            return parse(text, no_location=not locations, max_tokens=self.limits.tokens)
        except GraphQLError as fault:
            tokens, depth = _measure(text)
            if tokens > self.limits.tokens:
                raise TooCostly(limit="tokens", maximum=self.limits.tokens, value=tokens) from None
            if "nested too deeply" in fault.message:
                raise TooCostly(limit="depth", maximum=self.limits.depth, value=depth) from None
            raise InvalidDocument([fault]) from None


def _measure(text: str) -> tuple[int, int]:
    """Return the number of tokens of a text, comments included, and the depth of its brackets, as far as it
    can be read.
    """
    lexer = Lexer(Source(text))
    tokens = depth = deepest = offset = 0
    try:
        while (token := lexer.read_next_token(offset)).kind is not TokenKind.EOF:
            offset, tokens = token.end, tokens + 1
            if token.kind in (TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L):
                depth += 1
                deepest = max(deepest, depth)
            elif token.kind in (TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R):
                depth -= 1
    except GraphQLError:
        pass
    return tokens, deepest

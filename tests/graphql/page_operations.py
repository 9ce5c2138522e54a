"""The operations of the pages and of the clients' programs, as they send them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from graphql import parse
from graphql.language import DirectiveNode, DocumentNode, Visitor, print_ast, visit
from graphql.language.visitor import REMOVE, VisitorAction

ROOT = Path(__file__).parent.parent.parent
FILES = (
    "api/web/phone/queries.js",
    "api/web/phone/club/queries.js",
    "api/web/till/queries.js",
    "scripts/clients/apollo.mjs",
    "scripts/clients/urql.mjs",
    "scripts/clients/socket.mjs",
    "scripts/clients/relay/queries.js",
)
_TEMPLATE = re.compile(r"(?:const (\w+) = )?(?:gql|graphql)?`([^`]*)`")
_FRAGMENT = re.compile(r"\s*fragment (\w+)")
_OPERATION = re.compile(r"\s*(query|mutation|subscription|fragment|\{)")


class _ClientDirectives(Visitor):
    """Removes what a client's own compiler reads, such as @connection."""

    def enter_directive(self, node: DirectiveNode, *_: object) -> VisitorAction | None:
        return None if node.name.value in ("skip", "include") else REMOVE


def page_operations() -> Iterator[tuple[str, str]]:
    """Yield each document with the file that sends it, and with the fragments that it names."""
    for file in FILES:
        texts, parts = list[str](), dict[str, str]()
        for name, text in _TEMPLATE.findall((ROOT / file).read_text(encoding="utf-8")):
            whole = text.replace("#?", "")
            for part in re.findall(r"\$\{(\w+)\}", text):
                whole = whole.replace(f"${{{part}}}", parts.get(part, ""))
            parts[name] = whole
            if _OPERATION.match(whole):
                texts.append(whole)
        fragments = {_FRAGMENT.findall(text)[0]: text for text in texts if _FRAGMENT.match(text)}
        for text in texts:
            if not _FRAGMENT.match(text):
                document: DocumentNode = parse(_with_fragments(text, fragments))
                yield file, print_ast(visit(document, _ClientDirectives()))


def _with_fragments(text: str, fragments: Mapping[str, str]) -> str:
    whole, added = text, set[str]()
    while names := {name for name in fragments if re.search(rf"\.\.\.\s*{name}\b", whole)} - added:
        whole += "".join(fragments[name] for name in sorted(names))
        added |= names
    return whole

"""What an answer discloses, for those who compress or store it on its way.

    secret   worth something to whoever reads it: an answer that holds one is never compressed
    live     changes while the programme stays: a copy is asked about again before each use
    public   the same for everybody who reads that language

A compressed answer's length says whether a text that an attacker chose occurs in it twice (BREACH), and then,
letter by letter, what stands beside it. There are no cookies here, so no foreign page can make a browser ask
in a member's name; still, whatever is worth guessing is left as it is. So are mutations: they answer tokens.
"""

from collections.abc import Iterable
from typing import Any, Final

from graphql import GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, visit
from graphql.language import DocumentNode, FieldNode

FieldKey = tuple[str, str]

SECRET_FIELDS: Final[frozenset[FieldKey]] = frozenset(
    {("Voucher", "code"), ("Voucher", "qr"), ("MemberCard", "code"), ("MemberCard", "qr")}
)
LIVE_FIELDS: Final[frozenset[FieldKey]] = frozenset({("Reward", "stock"), ("Programme", "clock")})
PUBLIC_ROOTS: Final = frozenset({"programme", "__typename"})


def is_public(roots: Iterable[str]) -> bool:
    """Tell whether a query of these root fields is answered the same to everybody."""
    names = set(roots)
    return "programme" in names and names <= PUBLIC_ROOTS


def asked_fields(schema: GraphQLSchema, document: DocumentNode) -> frozenset[FieldKey]:
    """Return the fields of a valid document, by type and name, fragments included."""
    type_info = TypeInfo(schema)
    collector = _FieldCollector(type_info)
    visit(document, TypeInfoVisitor(type_info, collector))
    return frozenset(collector.fields)


class _FieldCollector(Visitor):
    def __init__(self, type_info: TypeInfo) -> None:
        super().__init__()
        self.type_info, self.fields = type_info, set[FieldKey]()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self.type_info.get_parent_type()
        if parent is not None:
            self.fields.add((parent.name, node.name.value))

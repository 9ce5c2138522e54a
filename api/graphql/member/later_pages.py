"""Whether a query asks a member for later pages of lists alone, which takes no more of them than their id."""

from collections.abc import Mapping

from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NullValueNode,
    SelectionSetNode,
)

from api.graphql.engine.shared_types import Info

PAGED_LISTS = frozenset({"pointHistory", "purchases", "vouchers"})
UNLOADED_FIELDS = frozenset({"id", "__typename"})


def asks_pages_only(info: Info) -> bool:
    """Tell whether nothing else is selected of the member, in any fragment."""
    raw = info._raw_info
    return all(_pages_only(node.selection_set, raw.fragments) for node in raw.field_nodes)


def _pages_only(
    selection_set: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode]
) -> bool:
    for node in selection_set.selections if selection_set else ():
        match node:
            case FieldNode():
                if not (
                    node.name.value in UNLOADED_FIELDS
                    or (node.name.value in PAGED_LISTS and _has_cursor(node))
                ):
                    return False
            case InlineFragmentNode():
                if not _pages_only(node.selection_set, fragments):
                    return False
            case FragmentSpreadNode():
                if not _pages_only(fragments[node.name.value].selection_set, fragments):
                    return False
    return True


def _has_cursor(node: FieldNode) -> bool:
    # A variable may be null as a cursor: then the list's resolver reads the member.
    return any(
        each.name.value == "after" and not isinstance(each.value, NullValueNode)
        for each in node.arguments or ()
    )

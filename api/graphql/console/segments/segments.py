"""The segments of the programme: how many members each has, and who they are, a page at a time."""

from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.console.part_titles import PartTitles
from api.graphql.engine.ids import encode_id, from_base64url, to_base64url
from api.graphql.engine.paging import After, First, row_count
from api.graphql.engine.shared_types import Info, PageInfo
from api.graphql.till.till_session import LookUpLimit, count_look_up, till_of
from domain.model.ledger.decide import at_instant
from domain.model.ledger.views.expression_view import held_tier_code
from domain.services.errors import NotAllowed
from domain.services.segments import reading
from domain.store.ledger.members import StoredMember

LONGEST_CODE = 64
CURSOR_NAME = "segment"


@strawberry.type(description="A segment of the programme file.")
class Segment:
    code: str = strawberry.field(description="As the programme file writes it.")
    name: str = strawberry.field(description="In the caller's language.")
    rule: str = strawberry.field(description="Its condition, `when`.")
    members: int = strawberry.field(description="How many members it has, as figures counted them.")
    is_counted: bool = strawberry.field(
        description="Whether figures have counted anybody yet: until then nobody knows its size, told as 0."
    )


@strawberry.type(description="A member as a list at the console shows one: no contact.")
class SegmentMember:
    customer: strawberry.ID = strawberry.field(description="The customer's id.")
    number: str = strawberry.field(description="The membership number.")
    name: str = strawberry.field(description="As they gave it.")
    tier: str | None = strawberry.field(description="The code of the tier that they hold; null for none.")
    tier_name: str | None = strawberry.field(description="Its name in the caller's language.")
    tags: list[str] = strawberry.field(description="Their tags.")
    is_frozen: bool = strawberry.field(description="Whether the membership is on hold.")


@strawberry.type(description="Members of a segment, in no order that means anything.")
class SegmentMembers:
    segment_name: str | None = strawberry.field(description="The segment's name in the caller's language.")
    members: list[SegmentMember] = strawberry.field(description="Of this page.")
    page_info: PageInfo = strawberry.field(description="Where it stands.")


@strawberry.type
class SegmentQuery:
    @strawberry.field(description="Operators: the segments of the programme, in the order of the file.")
    async def segments(self, info: Info) -> list[Segment]:
        runtime = info.context.dependencies.runtime
        locale = (await info.context.loaders.audience()).locale
        sizes = await reading.count_all(runtime)
        return [
            Segment(
                code=spec.code,
                name=spec.name.for_locale(locale),
                rule=spec.when.source,
                members=0 if sizes is None else sizes.get(spec.code, 0),
                is_counted=sizes is not None,
            )
            for spec in runtime.programme.segments
        ]

    @strawberry.field(
        description=(
            "Operators: the members of a segment. A page is a look-up of each of them, counts in the day, and"
            " stands in the audit trail."
        )
    )
    async def segment_members(
        self,
        info: Info,
        segment: Annotated[str, strawberry.argument(description="The code of a segment.")],
        first: First = None,
        after: After = None,
    ) -> SegmentMembers:
        count_look_up(info)
        count = row_count(first)
        try:
            page = await reading.read_members(
                info.context.dependencies.runtime,
                till=till_of(info),
                segment=segment[:LONGEST_CODE],
                first=count,
                after=_read_cursor(after),
                now=info.context.loaders.now,
            )
        except NotAllowed:
            raise LookUpLimit from None
        titles = PartTitles.of(await info.context.loaders.audience())
        start, end = (_cursor(page.members[0]), _cursor(page.members[-1])) if page.members else (None, None)
        return SegmentMembers(
            segment_name=titles.segment(segment[:LONGEST_CODE]),
            members=[_member(info, each, titles) for each in page.members],
            page_info=PageInfo(
                has_next_page=page.has_more,
                has_previous_page=after is not None,
                start_cursor=start,
                end_cursor=end,
            ),
        )


def _cursor(stored_member: StoredMember) -> str:
    return to_base64url(f"{CURSOR_NAME}:{stored_member.member.id}".encode())


def _read_cursor(after: str | None) -> str:
    if after is None:
        return ""
    name, _, id = from_base64url(after, field="after").decode("utf-8", "replace").partition(":")
    if name != CURSOR_NAME or not id or len(id) > LONGEST_CODE:
        raise BadInput("This is no cursor of this list.", field="after")
    return id


def _member(info: Info, stored_member: StoredMember, titles: PartTitles) -> SegmentMember:
    programme = info.context.dependencies.runtime.programme
    member = at_instant(programme, stored_member.member, now=info.context.loaders.now)
    tier = held_tier_code(programme, member)
    return SegmentMember(
        customer=strawberry.ID(encode_id("Customer", member.id)),
        number=member.number,
        name=stored_member.details.name,
        tier=tier,
        tier_name=None if tier is None else titles.tier(tier),
        tags=sorted(member.tags),
        is_frozen=member.frozen,
    )

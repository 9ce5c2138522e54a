"""What staff read in the place of a job's id: the title of a message sent once, the tags, the segment."""

from collections.abc import Iterable, Mapping

from api.graphql.engine.audience import Audience
from api.graphql.engine.shared_types import Info
from api.graphql.engine.titles import find_spec
from api.texts import say
from domain.model.messages.rendering import outline
from domain.store.messages.once_texts import read_spec
from domain.store.operations import member_jobs
from domain.store.operations.member_jobs import MemberJob, is_job_id


async def read_job_titles(info: Info, ids: Iterable[str]) -> Mapping[str, str]:
    """Return the titles of jobs by their ids, in the caller's language; those that are gone have none."""
    wanted = sorted({id for id in ids if is_job_id(id)})
    if not wanted:
        return {}
    audience = await info.context.loaders.audience()
    jobs = await member_jobs.find_many(info.context.dependencies.runtime.store, wanted)
    return {job.id: job_title(audience, job) for job in jobs}


def job_title(audience: Audience, job: MemberJob) -> str:
    """Return what a job is about, and of which segment: its own words, else what kind of file it writes."""
    segment = segment_name(audience, job.segment)
    if job.kind == "message":
        parts = [outline(read_spec(job.id, job.terms["message"]).title, audience.locale), segment]
    elif job.kind == "tags":
        tags = [
            *(f"+{tag}" for tag in job.terms["add"]),
            *(f"\N{MINUS SIGN}{tag}" for tag in job.terms["remove"]),
        ]
        parts = [segment, " ".join(tags)]
    else:
        days = "\N{EN DASH}".join(filter(None, (job.terms["first_day"], job.terms["last_day"])))
        contacts = say("job.with_contacts", audience.locale) if job.terms["with_person"] else ""
        parts = [say(f"job.file.{job.terms['of']}", audience.locale), segment, days, contacts]
    return " \N{MIDDLE DOT} ".join(filter(None, parts))


def segment_name(audience: Audience, code: str | None) -> str | None:
    """Return the name of a segment; its code where the programme in force does not have it."""
    spec = find_spec(audience.programme.segment, code)
    return code if spec is None else audience.text(spec.name)

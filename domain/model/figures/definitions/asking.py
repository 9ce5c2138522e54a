"""What people answered and followed: surveys, referrals, codes and messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from domain.model.figures.figure import Figure, ratio, share, unknown
from domain.model.figures.period import PeriodFigures, below
from domain.model.programme import MessageSpec, Programme, SurveySpec

PROMOTERS_FROM, DETRACTORS_TO, SATISFIED_FROM = 9, 6, 4


def histogram(period: PeriodFigures, survey: str) -> dict[int, int]:
    """Return how often each score was given in the period."""
    return {int(score): number for score, number in below(period.sums, f"surveys.{survey}").items()}


def survey_score(period: PeriodFigures, spec: SurveySpec) -> Figure:
    """Return the NPS, (promoters - detractors) / answers x 100 with promoters at 9 and 10 and detractors up
    to 6; or the CSAT, the share of answers of 4 and 5.
    """
    answers = histogram(period, spec.code)
    total = sum(answers.values())
    if spec.kind == "csat":
        return ratio("csat", _sum_from(answers, SATISFIED_FROM), total, subject=spec.code)
    detractors = sum(number for score, number in answers.items() if score <= DETRACTORS_TO)
    balance = _sum_from(answers, PROMOTERS_FROM) - detractors
    return ratio("nps", 100 * balance, total, unit="SCORE", subject=spec.code)


def _sum_from(answers: Mapping[int, int], least: int) -> int:
    return sum(number for score, number in answers.items() if score >= least)


def referral_conversion(period: PeriodFigures) -> Figure:
    """Return the referrals that qualified in the period, less those unmade, over the friends who joined;
    some of those who qualified joined before.
    """
    sums = period.sums
    qualified = sums.get("referrals.qualified", 0) - sums.get("referrals.unmade", 0)
    return share("referral_conversion", qualified, sums.get("referrals.registered", 0))


def code_conversion(period: PeriodFigures, code: str) -> Figure:
    """Return the members whose next purchase after entering a code came in the period, over its entries."""
    converted, entered = (period.sums.get(f"codes.{code}.{name}", 0) for name in ("converted", "entered"))
    return share("code_conversion", converted, entered, subject=code)


def open_rate(period: PeriodFigures, spec: MessageSpec) -> Figure:
    """Return how many of a message were read in the period, over those that were sent. Of what goes by
    channels that tell nobody it cannot be told.
    """
    if not spec.tells_reading:
        return unknown("open_rate", subject=spec.code)
    return _share_of_sent(period, spec, "open_rate", "opened")


def click_rate(period: PeriodFigures, spec: MessageSpec) -> Figure:
    """Return of how many of a message the link was followed in the period, over those that were sent; as with
    reading. What is followed in an e-mail nobody is told, so that a message that goes by others, too, has the
    taps of those.
    """
    if not spec.tells_taps:
        return unknown("click_rate", subject=spec.code)
    return _share_of_sent(period, spec, "click_rate", "clicked")


def _share_of_sent(period: PeriodFigures, spec: MessageSpec, code: str, fate: str) -> Figure:
    done, sent = (period.sums.get(f"messages.{spec.code}.{name}", 0) for name in (fate, "sent"))
    return share(code, done, sent, subject=spec.code)


def all_answers(period: PeriodFigures, programme: Programme) -> Iterator[Figure]:
    """Yield the figures of what the programme's file names."""
    for survey in programme.surveys:
        yield survey_score(period, survey)
    if programme.referral is not None:
        yield referral_conversion(period)
    for code in programme.codes:
        yield code_conversion(period, code.name)
    for message in programme.messages:
        yield open_rate(period, message)
        yield click_rate(period, message)

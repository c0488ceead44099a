"""The survey behind a mail's link: who may still answer, and recording what a person submits."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.errors import UserMistake
from bot.rules.survey_form import Answers, read_answers
from models import Delivery, InfoMail, SurveyAnswer
from models.enums import Language

VALID_FOR = timedelta(days=90)  # after the mail went out; later answers say little about it


@dataclass(frozen=True)
class Survey:
    """An open survey, in the language of its mail."""

    lead_id: int
    language: Language


def find_survey(session: Session, delivery_id: int, now: datetime) -> Survey | None:
    """The survey of a delivery while it can be answered: 90 days from the mail's claim."""
    query = (
        select(Delivery, InfoMail.language)
        .join(InfoMail, col(InfoMail.id) == col(Delivery.mail_id))
        .where(col(Delivery.id) == delivery_id)
    )
    found = session.exec(query).first()
    if found is None:
        return None
    delivery, language = found
    if delivery.claimed_at is None or now > delivery.claimed_at + VALID_FOR:
        return None
    return Survey(delivery.lead_id, Language(language))


def record_answer(
    session: Session, delivery_id: int, form: Mapping[str, str], now: datetime
) -> bool:
    """Record a submitted form; False when the survey is closed or unknown.

    Every change is kept and the last counts; the same answers sent again add nothing. Raises
    UserMistake when the required question is not answered.
    """
    survey = find_survey(session, delivery_id, now)
    if survey is None:
        return False
    answers = read_answers(form)
    if answers is None:
        raise UserMistake("survey.answer_missing")
    if answers != _last(session, delivery_id):
        session.add(
            SurveyAnswer(delivery_id=delivery_id, lead_id=survey.lead_id, at=now, **asdict(answers))
        )
        session.flush()
    return True


def _last(session: Session, delivery_id: int) -> Answers | None:
    query = select(SurveyAnswer).where(col(SurveyAnswer.delivery_id) == delivery_id)
    newest = (sa.desc(col(SurveyAnswer.at)), sa.desc(col(SurveyAnswer.id)))
    row = session.exec(query.order_by(*newest).limit(1)).first()
    if row is None:
        return None
    return Answers(row.might_use, row.uses_similar, row.trouble, row.opinion)

"""A served web with one mailed lead, and a reader of its pages' elements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser

from sqlmodel import select
from starlette.testclient import TestClient

from bot.parts import Parts
from bot.tokens import Purpose, sign
from models import Database, Suppression, SurveyAnswer
from models.enums import Language
from tests.builders import T0, a_lead, days
from tests.signals import a_delivery, a_mail, a_web

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class Web:
    client: TestClient
    parts: Parts
    database: Database
    delivery_id: int
    time: list[datetime]

    def path(self, purpose: Purpose, delivery_id: int | None = None) -> str:
        token = sign(purpose, delivery_id or self.delivery_id, self.parts.config)
        return f"/{'s' if purpose is Purpose.SURVEY else 'u'}/{token}"

    @property
    def survey(self) -> str:
        return self.path(Purpose.SURVEY)

    @property
    def refusal(self) -> str:
        return self.path(Purpose.UNSUBSCRIBE)

    def answers(self) -> list[SurveyAnswer]:
        with self.database.reading() as session:
            return list(session.exec(select(SurveyAnswer).order_by("id")))  # type: ignore[arg-type]

    def suppressions(self) -> list[Suppression]:
        with self.database.reading() as session:
            return list(session.exec(select(Suppression)))


@contextmanager
def served(database: Database, language: Language = Language.JA) -> Iterator[Web]:
    """Taro was mailed at T0 in this language; it is a day later, by a clock tests may set."""
    time = [T0 + days(1)]
    parts, app = a_web(database, lambda: time[0])
    with database.writing() as session:
        lead = a_lead(session, email="taro@customer.example")
        delivery = a_delivery(session, lead, mail=a_mail(session, language=language))
        assert delivery.id
        delivery_id = delivery.id
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield Web(client, parts, database, delivery_id, time)


class Elements(HTMLParser):
    """All start tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]

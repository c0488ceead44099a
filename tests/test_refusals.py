"""Nobody who refused is mailed: not by whatever road, and not after an undo elsewhere."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.import_leads import import_leads
from bot.import_suppressions import import_suppressions
from bot.log_outcome import OutcomeRules, log_outcome, undo_outcome
from bot.rules.settings import OutcomeSettings
from bot.rules.workdays import Calendar
from bot.send_info_mail import send_due_mails
from models import Database, Lead, Suppression
from models.enums import Basis, CustomerClass, Outcome
from tests.builders import T0, a_lead, a_salesperson
from tests.mail_world import Outbox, a_config, a_mail

CONFIG = a_config()
RULES = OutcomeRules(OutcomeSettings(), Calendar(""))
LATER = T0 + timedelta(hours=1)


def log(session: Session, lead: Lead, by: Any, outcome: Outcome) -> int:
    logged = log_outcome(session, outcome, lead_id=lead.id or 0, by=by, at=T0, now=T0, rules=RULES)
    return logged.call.id or 0


def refused_file(database: Database, *addresses: str) -> None:
    data = ("メール\n" + "\n".join(addresses) + "\n").encode()
    import_suppressions(
        database, data, file_name="stop.csv", by="Mori", now=T0, dry_run=False,
        progress=lambda done, total: None,
    )  # fmt: skip


def mailed(database: Database) -> list[str]:
    """Whom the month's mail reaches."""
    outbox = Outbox()
    with database.writing() as session:
        a_mail(session, CONFIG)
    send_due_mails(database, outbox, CONFIG, lambda: LATER)
    return sorted(outbox.mailed)


def test_an_imported_refusal_outlives_the_undo_of_a_call(database: Database) -> None:
    with database.writing() as session:
        sato = a_salesperson(session)
        lead = a_lead(session, owner=sato, email="no@customer.example")
        a_lead(session, email="yes@customer.example")
        call = log(session, lead, sato, Outcome.DO_NOT_MAIL)
    refused_file(database, "No@customer.example")

    with database.writing() as session:
        undo_outcome(session, call, by=sato, now=T0, rules=RULES)

    assert mailed(database) == ["yes@customer.example"]


def test_every_address_in_a_cell_is_refused(database: Database) -> None:
    with database.writing() as session:
        for name in ("a", "b", "c"):
            a_lead(session, email=f"{name}@customer.example")

    refused_file(database, '"a@customer.example, b@customer.example"')

    assert mailed(database) == ["c@customer.example"]


def test_who_refused_by_phone_before_the_address_was_known_is_not_mailed(
    database: Database,
) -> None:
    with database.writing() as session:
        sato = a_salesperson(session)
        lead = a_lead(session, "山田 太郎", owner=sato, email=None)
        lead_id, company = lead.id, f"山田商事{lead.id}"
        log(session, lead, sato, Outcome.DO_NOT_MAIL)
    with database.writing() as session:
        found = session.get_one(Lead, lead_id)
        found.email = found.email_key = "late@customer.example"
        session.add(found)
    data = f"会社名,氏名,メールアドレス\n{company},鈴木,other@customer.example\n".encode()
    import_leads(
        database, data, file_name="f.csv", by="Mori", now=T0, basis=Basis.CONSENT, dry_run=False,
        progress=lambda done, total: None,
    )  # fmt: skip
    with database.writing() as session:
        for lead in session.exec(select(Lead)):
            lead.customer_class = CustomerClass.E

    assert mailed(database) == ["other@customer.example"]


@pytest.mark.parametrize("later", [Outcome.DO_NOT_CALL, Outcome.NO_ANSWER, Outcome.INTERESTED])
def test_who_left_the_company_is_not_mailed_whatever_is_logged_later(
    database: Database, later: Outcome
) -> None:
    with database.writing() as session:
        sato = a_salesperson(session)
        lead = a_lead(session, owner=sato, email="left@customer.example")
        log(session, lead, sato, Outcome.LEFT_COMPANY)
        log(session, lead, sato, later)

    assert mailed(database) == []


def test_taking_back_the_only_refusal_lets_mail_through_again(database: Database) -> None:
    with database.writing() as session:
        sato = a_salesperson(session)
        lead = a_lead(session, owner=sato, email="slip@customer.example")
        call = log(session, lead, sato, Outcome.DO_NOT_MAIL)
        undo_outcome(session, call, by=sato, now=T0, rules=RULES)
        assert session.get(Suppression, "slip@customer.example") is None

    assert mailed(database) == ["slip@customer.example"]

"""The first morning of the sample company: its people, its customer file, classes, owners."""

from datetime import date

from bot.class_accounts import class_accounts
from bot.deal_leads import deal_leads
from bot.import_leads import import_leads
from bot.manage_people import add_person
from bot.sandbox.company import FIELD, MARKETER, PEOPLE, as_csv
from bot.sandbox.root import Sandbox
from bot.views.import_report import ImportReport
from models.enums import Language, Role, Team


def take_in_company(sandbox: Sandbox) -> ImportReport:
    """Add the people and import the customer file, just as an administrator would."""
    config, now = sandbox.config, sandbox.clock.now()
    with sandbox.database.writing() as session:
        for person in PEOPLE:
            add_person(
                session,
                email=person.email,
                name=person.name,
                team=Team.FIELD if person is FIELD else Team.INSIDE,
                role=Role.REP,
                slack_id=person.id,
                language=Language(person.language),
                timezone=config.tz_default,
                capacity=config.list_capacity,
                list_time=config.list_time,
                now=now,
            )
    report = import_leads(
        sandbox.database,
        as_csv(sandbox.contacts, sandbox.seed),
        file_name="名刺・取引先一覧.csv",
        by=MARKETER,
        now=now,
        basis=None,
        dry_run=False,
        progress=lambda done, total: None,
    )
    with sandbox.database.writing() as session:
        today: date = sandbox.clock.local().date()
        class_accounts(session, config.class_settings, today, now)
        deal_leads(session, config.class_settings)
    return report

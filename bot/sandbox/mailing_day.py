"""This month's mail, the way a marketer sends it: draft and approve; the schedule sends."""

from datetime import timedelta
from importlib.resources import files
from typing import Any

from bot.approve_mail import approve_mail
from bot.draft_mail import draft_mail
from bot.sandbox.company import MARKETER
from bot.sandbox.root import Sandbox
from bot.show_mail import mail_status

SENDING = timedelta(minutes=10)


def send_sample_mail(sandbox: Sandbox) -> dict[str, Any]:
    """Draft and approve the bundled mail, let ten minutes pass, and return the mail's document."""
    source = files("bot.sandbox").joinpath("sample/info_mail.md").read_text("utf-8")
    now = sandbox.clock.now()
    with sandbox.database.writing() as session:
        mail = draft_mail(session, source, by=MARKETER, now=now)
        assert mail.id is not None
        mail_id = mail.id
        approve_mail(
            session,
            mail_id,
            by=MARKETER,
            send_after=None,
            now=now,
            config=sandbox.config,
        )
    sandbox.tick()
    sandbox.passing.advance(now + SENDING)
    with sandbox.database.reading() as session:
        return mail_status(session, mail_id, sandbox.config)

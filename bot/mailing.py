"""A mail as its use cases share it: found, drawn, and checked against the settings."""

from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import Config
from bot.errors import UserMistake
from bot.rules.cadence import Cadence
from bot.rules.mail_check import Finding, SenderFacts, findings
from bot.rules.mail_text import read_body
from bot.views.mail import Drawn, Sender, draw
from models import InfoMail


def found_mail(session: Session, mail_id: int) -> InfoMail:
    """The mail by its number. Raises UserMistake when there is none."""
    mail = session.get(InfoMail, mail_id)
    if mail is None:
        raise UserMistake("mail.not_found", mail=mail_id)
    return mail


def drawn(mail: InfoMail, config: Config) -> Drawn:
    """The mail in its frame, ready for any recipient."""
    sender = Sender(
        email=config.mail_from,
        name=config.mail_from_name,
        postal_address=config.mail_postal_address,
        contact=config.mail_contact,
        public_url=config.public_url,
        reply_to=config.mail_reply_to,
        privacy_url=config.privacy_policy_url,
    )
    return draw(mail.subject, read_body(mail.body), mail.kind, mail.language, sender)


def mail_findings(mail: InfoMail, config: Config | None) -> list[Finding]:
    """What is wrong with the mail as the settings are now; without them, with its text alone."""
    if config is None:
        return findings(read_body(mail.body), None)
    sender = SenderFacts(
        email=config.mail_from,
        name=config.mail_from_name,
        postal_address=config.mail_postal_address,
        contact=config.mail_contact,
        public_url=config.public_url,
        has_secret_key=bool(config.secret_keys),
        reply_to=config.mail_reply_to,
    )
    return findings(read_body(mail.body), sender)


def cadence_of(config: Config) -> Cadence:
    """How often at most, in the workspace's zone."""
    return Cadence(ZoneInfo(config.tz_default), config.mail_settings.gap)

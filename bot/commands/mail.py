"""`callfirst mail …`: an info mail from draft to result."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bot.clock import now
from bot.commands.base import JsonOption, configured, open_database, print_json, refuse, stdout
from bot.config import Config
from bot.texts import text

if TYPE_CHECKING:
    from bot.services.sendgrid import Mailer
    from bot.views.mail import Recipient
    from models import Database, InfoMail
    from models.enums import Language

MailArgument = typer.Argument(..., metavar="ID", help="The mail's number.")
mail_app = typer.Typer(help="Info mails, from draft to result.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """`callfirst mail new|check|preview|test|approve|send|status`."""
    app.add_typer(mail_app, name="mail")


@mail_app.command()
def new(
    file: Path = typer.Argument(..., help="YAML front matter and a Markdown body."),
    by: str = typer.Option("cli", help="Who wrote it."),
    as_json: bool = JsonOption,
) -> None:
    """Save a draft."""
    from bot.draft_mail import draft_mail

    config = configured()
    source = _read(file)
    with open_database(config) as database:
        with database.writing() as session:
            mail_id = draft_mail(session, source, by=by, now=now()).id
        _show(database, config, mail_id, as_json)


@mail_app.command()
def check(mail_id: int = MailArgument, as_json: bool = JsonOption) -> None:
    """Say what is missing or wrong; exit 1 when it cannot be approved."""
    config = configured()
    with open_database(config) as database:
        document = _show(database, config, mail_id, as_json)
    if any(finding["level"] == "stop" for finding in document["findings"]):
        raise typer.Exit(1)


@mail_app.command()
def preview(
    mail_id: int = MailArgument,
    out: Path = typer.Option(..., help="Where to write the HTML; the text goes beside it."),
    as_json: bool = JsonOption,
) -> None:
    """Write the mail as a reader sees it."""
    from bot.mailing import drawn
    from bot.views.mail import render_for

    config = configured()
    with open_database(config) as database:
        mail = _found(database, mail_id)
    shown = render_for(drawn(mail, config), _sample(mail.language, "sample@example.com"))
    as_text = out.with_suffix(".txt")
    try:
        out.write_text(shown.html, encoding="utf-8")
        as_text.write_text(shown.text, encoding="utf-8")
    except OSError as error:
        refuse(f"{out} cannot be written: {error.strerror}")
    written = {"mail_id": mail_id, "subject": shown.subject, "html": str(out), "text": str(as_text)}
    _print(written, as_json, f"{shown.subject}\n{out}\n{as_text}")


@mail_app.command(name="test")
def send_test(
    mail_id: int = MailArgument,
    to: str = typer.Option(..., help="The address that gets the test mail."),
    as_json: bool = JsonOption,
) -> None:
    """Send one copy to an address of your own; no delivery is recorded."""
    from bot.errors import DeliveryFailed, DeliveryUnsure
    from bot.mailing import drawn
    from bot.views.mail import trial_body

    config = configured()
    _refuse_no_address(to, config)
    with open_database(config) as database:
        mail = _found(database, mail_id)
        _refuse_suppressed(database, to)
    body = trial_body(drawn(mail, config), _sample(mail.language, to))
    try:
        message_id = _mailer(config).send(body)
    except (DeliveryFailed, DeliveryUnsure) as error:
        typer.echo(text("mail.test_failed", config.language_default, why=error), err=True)
        raise typer.Exit(1) from None
    sent = {"mail_id": mail_id, "to": to, "message_id": message_id}
    _print(sent, as_json, text("mail.test_sent", config.language_default, address=to))


@mail_app.command()
def approve(
    mail_id: int = MailArgument,
    by: str = typer.Option(..., help="The marketer or admin who approves: e-mail or Slack id."),
    at: datetime | None = typer.Option(None, help="When it is due, in TZ_DEFAULT; else at once."),
    as_json: bool = JsonOption,
) -> None:
    """Approve a draft: it is sent when it is due."""
    from bot.approve_mail import approve_mail, approver

    config = configured()
    with open_database(config) as database:
        with database.writing() as session:
            who = approver(session, by)
            approve_mail(
                session, mail_id, by=who, send_after=_due(at, config), now=now(), config=config
            )
        _show(database, config, mail_id, as_json)


@mail_app.command()
def send(mail_id: int = MailArgument, as_json: bool = JsonOption) -> None:
    """Send an approved mail now, or go on with a stopped one; exit 1 when it was stopped."""
    from bot.send_info_mail import send_mail
    from bot.settle_deliveries import settle_deliveries

    config = configured()
    with open_database(config) as database:
        with database.writing() as session:
            settle_deliveries(session, now())
        send_mail(database, _mailer(config), config, now, mail_id)
        document = _show(database, config, mail_id, as_json)
    if document["state"] == "stopped":
        raise typer.Exit(1)


@mail_app.command()
def status(mail_id: int = MailArgument, as_json: bool = JsonOption) -> None:
    """Where the mail and its deliveries stand."""
    config = configured()
    with open_database(config) as database:
        _show(database, config, mail_id, as_json)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        refuse(f"{file} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"{file} is not UTF-8")


def _found(database: "Database", mail_id: int) -> "InfoMail":
    from bot.mailing import found_mail

    with database.reading() as session:
        return found_mail(session, mail_id)


def _show(
    database: "Database", config: Config, mail_id: int | None, as_json: bool
) -> dict[str, Any]:
    from bot.show_mail import mail_status
    from bot.views.mail_report import mail_report

    with database.reading() as session:
        document = mail_status(session, mail_id or 0, config)
    _print(document, as_json, mail_report(document, config.language_default))
    return document


def _print(document: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(document)
    else:
        stdout.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _mailer(config: Config) -> "Mailer":
    from bot.services.sendgrid import Mailer

    if config.sendgrid_api_key is None:
        refuse("SENDGRID_API_KEY is not set")
    return Mailer(config.sendgrid_api_key.get_secret_value(), config.sendgrid_api_url)


def _sample(language: "Language", address: str) -> "Recipient":
    """A made-up reader; the links are those of no delivery, so nobody is unsubscribed by them."""
    from bot.views.mail import Recipient

    return Recipient(
        public_id="",
        email=address,
        name=text("mail.sample.name", language),
        company=text("mail.sample.company", language),
        salesperson=text("mail.sample.salesperson", language),
        survey="sample",
        unsubscribe="sample",
    )


def _refuse_no_address(address: str, config: Config) -> None:
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        refuse(text("mail.address_fault", config.language_default, address=address))


def _refuse_suppressed(database: "Database", address: str) -> None:
    """Whoever refused mail gets no test mail either."""
    from bot.errors import UserMistake
    from bot.rules.cleaning import BadCell, clean_address
    from models import Suppression

    try:
        cleaned = clean_address(address)
    except BadCell:
        cleaned = None
    key = (cleaned and cleaned.key) or address.strip().lower()
    with database.reading() as session:
        if session.get(Suppression, key) is not None:
            raise UserMistake("mail.test_suppressed", address=address)


def _due(at: datetime | None, config: Config) -> datetime | None:
    from zoneinfo import ZoneInfo

    from bot.rules.workdays import instant

    return instant(at.date(), at.time(), ZoneInfo(config.tz_default)) if at else None

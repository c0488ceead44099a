"""What the webhook and page tests share: SendGrid's hand, deliveries, and a whole web."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from sqlmodel import Session, SQLModel
from starlette.applications import Starlette

from bot.config import Config
from bot.parts import Parts
from bot.services.sendgrid import Mailer
from bot.services.slack import Slack
from handlers.web_app import build_web
from models import Database, Delivery, InfoMail, Lead
from models.enums import DeliveryState, Language, MailKind
from tests.builders import T0, a_lead

PERSON = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36"
OTHER_PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile Safari/604.1"
KEY = ec.generate_private_key(ec.SECP256R1())


def public_text(key: ec.EllipticCurvePrivateKey = KEY) -> str:
    """A webhook key as SendGrid's settings page shows it."""
    raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(raw).decode()


def signed(
    body: bytes, now: datetime, key: ec.EllipticCurvePrivateKey = KEY, stamp: str = ""
) -> dict[str, str]:
    """The headers SendGrid would send with this body."""
    stamp = stamp or str(int(now.timestamp()))
    signature = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "Content-Type": "application/json;charset=utf-8",
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }


def posted(*events: dict[str, Any]) -> bytes:
    """A body as SendGrid writes it: CR LF between events and at the end."""
    return b"[" + b",\r\n".join(json.dumps(event).encode() for event in events) + b"]\r\n"


def an_event(delivery: Delivery | None, kind: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """An event about a delivery, with an id of its own made from all it says."""
    event: dict[str, Any] = {
        "event": kind,
        "timestamp": int(at.timestamp()),
        "email": delivery.email if delivery else "stranger@elsewhere.example",
    }
    if delivery:
        event["cf_delivery"] = delivery.public_id
        event["sg_message_id"] = f"{delivery.message_id}.recvd-1.0"
    event |= fields
    event.setdefault("sg_event_id", f"id-{json.dumps(event, sort_keys=True)}"[:300])
    return {name: value for name, value in event.items() if value is not None}


def a_mail(session: Session, **fields: Any) -> InfoMail:
    given = {
        "kind": MailKind.COST_TIP,
        "subject": "電気代を下げる3つの方法",
        "body": "…",
        "language": Language.JA,
        "classes": ["E"],
        "created_at": T0,
    }
    mail = InfoMail(**given | fields)
    session.add(mail)
    session.flush()
    return mail


def a_delivery(session: Session, lead: Lead | None = None, **fields: Any) -> Delivery:
    """A mail accepted at T0 in request "batch-1" (message id "mid1"), unless `fields` say else."""
    lead = lead or a_lead(session)
    mail = fields.pop("mail", None) or a_mail(session)
    given = {
        "public_id": f"delivery-{lead.id}-{mail.id}",
        "email": lead.email,
        "address_key": lead.email_key,
        "state": DeliveryState.ACCEPTED,
        "batch": "batch-1",
        "message_id": "mid1",
        "claimed_at": T0,
        "state_at": T0,
    }
    delivery = Delivery(mail_id=mail.id, lead_id=lead.id, **given | fields)
    session.add(delivery)
    session.flush()
    return delivery


def contents(database: Database, without: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Everything stored, without row numbers of events and times of receipt."""
    found = {}
    with database.reading() as session:
        for name, table in sorted(SQLModel.metadata.tables.items()):
            drop = {"received_at", *without} | ({"id"} if name in EVENT_TABLES else set())
            columns = [column for column in table.c if column.name not in drop]
            rows = session.connection().execute(sa.select(*columns))
            found[name] = sorted(repr(tuple(row)) for row in rows)
    return found


EVENT_TABLES = ("mailevent", "quarantine")


def a_web(
    database: Database, now: Callable[[], datetime] = lambda: T0, **settings: Any
) -> tuple[Parts, Starlette]:
    """The parts and the whole web application, with a Slack app that only says it was reached."""
    given: dict[str, Any] = {
        "callfirst_secret_key": ["a secret of the tests"],
        "sendgrid_webhook_public_key": [public_text()],
        "slack_signing_secret": "slack secret",
        "public_url": "https://callfirst.example",
        "mail_from_name": "青葉情報サービス",
        "privacy_policy_url": "https://seller.example/privacy",
    }
    config = Config(_env_file=None, **given | settings)
    parts = Parts(
        config=config,
        database=database,
        slack=Slack("xoxb-test", "http://127.0.0.1:9/api/"),
        mailer=Mailer("key", "http://127.0.0.1:9"),
        now=now,
        later=lambda work: work(),
    )
    return parts, build_web(parts, a_slack_app())


def a_slack_app() -> App:
    known = AuthorizeResult(enterprise_id=None, team_id="T1", bot_id="B1", bot_token="xoxb-test")
    app = App(
        authorize=lambda: known, process_before_response=True, request_verification_enabled=False
    )
    app.command("/callfirst")(lambda ack: ack("heard"))
    return app


def slack_signed(body: bytes, stamp: str | int, secret: str = "slack secret") -> dict[str, str]:
    """The headers Slack would send with this body."""
    mac = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(stamp),
        "X-Slack-Signature": f"v0={mac.hexdigest()}",
    }

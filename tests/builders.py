"""Five-line builders: Sato owns the lead, Suzuki is a colleague, Tanaka is from another team."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import Session

from models import Account, Consent, Lead, Salesperson
from models.enums import Basis, CustomerClass, Language, Role, Team

numbers = count(1)
T0 = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)  # Tuesday 9:00 in Tokyo


def days(count: float) -> timedelta:
    return timedelta(days=count)


def a_salesperson(session: Session, name: str = "Sato", **fields: Any) -> Salesperson:
    given: dict[str, Any] = {
        "email": f"{name.lower()}@seller.example",
        "slack_id": f"U{name.upper()}",
        "team": Team.INSIDE,
        "role": Role.REP,
        "language": Language.JA,
        "timezone": "Asia/Tokyo",
        "capacity": 50,
        "created_at": T0,
    }
    return _added(session, Salesperson(name=name, **given | fields))


def an_account(session: Session, name: str = "青葉商事", **fields: Any) -> Account:
    return _added(session, Account(name=name, **{"name_key": name} | fields))


def a_lead(session: Session, name: str = "山田 太郎", **fields: Any) -> Lead:
    """A class-E lead with an address and a business card as basis, unless `fields` say else."""
    number = next(numbers)
    account = fields.pop("account", None) or an_account(session, f"{name}の会社{number}")
    email = fields.pop("email", f"lead{number}@customer.example")
    basis = fields.pop("basis", Basis.BUSINESS_CARD)
    given: dict[str, Any] = {
        "language": Language.JA,
        "customer_class": CustomerClass.E,
        "phone": "+81312345678",
        "created_at": T0,
    }
    owner = fields.pop("owner", None)
    lead = Lead(
        name=name,
        account_id=account.id,
        email=email,
        email_key=email,
        owner_id=owner.id if owner else None,
        **given | fields,
    )
    if email and basis:
        session.add(
            Consent(
                address_key=email, basis=basis, source="test", recorded_by="test", recorded_at=T0
            )
        )
    return _added(session, lead)


def _added(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row

"""Prove from the ledger of deliveries that nobody was mailed twice, too often or after refusing.

Each proof is one SQL statement over the deliveries themselves; the month slots, by which sending
keeps the promises, are not asked. The statements can be run by hand in any database shell.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from bot.rules.cadence import Cadence
from bot.rules.delivery_facts import DROPPED_FOR, SUPPRESSED_BY
from models import Delivery, table_of
from models.enums import DeliveryState, SkipReason

# In the inbox, perhaps: what the program must never repeat.
MAILED = "('sending', 'unknown', 'unconfirmed', 'accepted', 'confirmed')"

# One mailing, one person or one address, more than one mail; or one mail taken twice by SendGrid.
DOUBLED = f"""
SELECT mail_id, 'lead' AS counted_by, CAST(lead_id AS VARCHAR) AS who, COUNT(*) AS times
  FROM delivery WHERE state IN {MAILED} GROUP BY mail_id, lead_id HAVING COUNT(*) > 1
UNION ALL
SELECT mail_id, 'address', address_key, COUNT(*)
  FROM delivery WHERE state IN {MAILED} GROUP BY mail_id, address_key HAVING COUNT(*) > 1
UNION ALL
SELECT d.mail_id, 'event', CAST(d.lead_id AS VARCHAR), COUNT(DISTINCT e.natural_key)
  FROM mailevent e JOIN delivery d ON d.id = e.delivery_id
 WHERE e.kind = 'processed'
 GROUP BY d.id, d.mail_id, d.lead_id HAVING COUNT(DISTINCT e.natural_key) > 1
ORDER BY 1, 2, 3
"""

# Every claim beside the one before it, for one person and for one address.
CLAIMS = f"""
SELECT 'lead' AS counted_by, CAST(lead_id AS VARCHAR) AS who, id, claimed_at,
       LAG(id) OVER w AS before_id, LAG(claimed_at) OVER w AS before_at
  FROM delivery WHERE state IN {MAILED} AND claimed_at IS NOT NULL
WINDOW w AS (PARTITION BY lead_id ORDER BY claimed_at, id)
UNION ALL
SELECT 'address', address_key, id, claimed_at,
       LAG(id) OVER w, LAG(claimed_at) OVER w
  FROM delivery WHERE state IN {MAILED} AND claimed_at IS NOT NULL
WINDOW w AS (PARTITION BY address_key ORDER BY claimed_at, id)
ORDER BY 1, 2, 3
"""

# When we first knew, by whatever road: what SendGrid tells us hours later could not be honoured
# before, and a press on our own page stays known whatever is told after it.
AFTER_REFUSAL = """
WITH road AS (
  SELECT address_key, since AS known_at FROM suppression WHERE source NOT LIKE 'sendgrid:%'
  UNION ALL
  SELECT COALESCE(x.address_key, e.address_key), e.received_at
    FROM mailevent e LEFT JOIN delivery x ON x.id = e.delivery_id
   WHERE e.kind IN ({kinds})
      OR (e.kind = 'dropped' AND LOWER(TRIM(e.detail)) IN ({details}))
  UNION ALL
  SELECT p.address_key, p.refused_at FROM delivery p
   WHERE p.refused_at IS NOT NULL AND NOT EXISTS (
         SELECT 1 FROM mailevent e WHERE e.delivery_id = p.id AND e.at = p.refused_at)
), known AS (SELECT address_key, MIN(known_at) AS known_at FROM road GROUP BY address_key)
SELECT d.id AS delivery, d.mail_id, d.lead_id, d.address_key AS address, s.reason,
       s.since, d.claimed_at
  FROM delivery d JOIN suppression s ON s.address_key = d.address_key
  LEFT JOIN known k ON k.address_key = s.address_key
 WHERE d.state IN {mailed} AND d.claimed_at > COALESCE(k.known_at, s.since)
ORDER BY d.id
"""

# A state outside the closed list, an end without a reason, or a mail "sent" that is not. What an
# event proves after its claim was given back has no request's name.
WITHOUT_STATE = f"""
SELECT d.id AS delivery, d.mail_id, d.lead_id, d.state
  FROM delivery d JOIN infomail m ON m.id = d.mail_id
 WHERE d.state NOT IN ({{states}})
    OR (d.state = 'skipped' AND (d.reason IS NULL OR d.reason NOT IN ({{reasons}})))
    OR (d.state = 'rejected' AND d.detail = '')
    OR (d.state IN {MAILED} AND d.claimed_at IS NULL)
    OR (d.state IN {MAILED} AND d.state <> 'confirmed' AND d.batch IS NULL)
    OR (d.state = 'planned' AND m.state = 'sent')
ORDER BY d.id
"""

UNSURE = """
SELECT d.id AS delivery, d.public_id, d.mail_id, d.lead_id, l.name, d.email AS address, d.state,
       d.claimed_at
  FROM delivery d JOIN lead l ON l.id = d.lead_id
 WHERE d.state IN ('sending', 'unknown')
ORDER BY d.id
"""

_AT = table_of(Delivery).c.claimed_at.type


def verify_ledger(
    session: Session, *, zone: str = "Asia/Tokyo", gap: timedelta = timedelta(days=21)
) -> dict[str, Any]:
    """The proof as one document; `ok` is false when anything but `unsure` is found."""
    proofs: dict[str, list[dict[str, Any]]] = {
        "doubled": _rows(session, DOUBLED),
        "over_cap": list(_over_cap(session, Cadence(ZoneInfo(zone), gap))),
        "after_refusal": _rows(session, _after_refusal(), since=_AT, claimed_at=_AT),
        "without_state": _rows(session, _without_state()),
    }
    unsure = _rows(session, UNSURE, claimed_at=_AT)
    return {"ok": not any(proofs.values()), **proofs, "unsure": unsure}


def _after_refusal() -> str:
    kinds, details = _quoted(SUPPRESSED_BY), _quoted(DROPPED_FOR)
    return AFTER_REFUSAL.format(kinds=kinds, details=details, mailed=MAILED)


def _without_state() -> str:
    return WITHOUT_STATE.format(states=_quoted(DeliveryState), reasons=_quoted(SkipReason))


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _over_cap(session: Session, cadence: Cadence) -> Iterable[dict[str, Any]]:
    query = sa.text(CLAIMS).columns(claimed_at=_AT, before_at=_AT)
    for counted_by, who, delivery, at, before, before_at in session.connection().execute(query):
        if before is None:
            continue
        same_month = cadence.period(at) == cadence.period(before_at)
        if same_month or at - before_at < cadence.gap:
            yield {
                "counted_by": counted_by,
                "who": who,
                "deliveries": [before, delivery],
                "claimed_at": [before_at.isoformat(), at.isoformat()],
            }


def _rows(session: Session, query: str, **types: Any) -> list[dict[str, Any]]:
    found = session.connection().execute(
        sa.text(query).columns(**types) if types else sa.text(query)
    )
    return [{name: _plain(value) for name, value in row.items()} for row in found.mappings()]


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value

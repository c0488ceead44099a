"""A list as the JSON document of `callfirst list`."""

from typing import Any

from bot.views.daily_list import ListPage, Row, reason_text
from models.enums import Language, Section


def list_document(page: ListPage) -> dict[str, Any]:
    """Salesperson, date, capacity, and the four sections in their order."""
    return {
        "salesperson": page.salesperson,
        "date": page.day.isoformat(),
        "capacity": page.capacity,
        "sections": [
            {
                "name": section.value,
                "entries": [
                    _entry(row, page.language) for row in page.rows if row.section is section
                ],
            }
            for section in Section
        ],
    }


def _entry(row: Row, language: Language) -> dict[str, Any]:
    return {
        "place": row.place,
        "lead_id": row.lead_id,
        "email": row.email,
        "name": row.name,
        "company": row.company,
        "phone": row.phone,
        "score": row.score,
        "chance": row.chance,
        "reasons": [
            {"key": r.key, "text": reason_text(r, language), "points": r.points}
            for r in row.reasons
        ],
        "outcome": row.logged.outcome.value if row.logged else None,
    }

"""Move a list's window on to the next open leads."""

from datetime import datetime

from sqlmodel import Session

from bot.config import Config
from bot.errors import UserMistake
from bot.list_page import read_page
from bot.views.daily_list import WINDOW
from models import DailyList


def show_next_leads(
    session: Session, list_id: int, salesperson_id: int, config: Config, now: datetime
) -> None:
    """Show the next leads, from the top again after the last.

    Raises UserMistake when the list is not theirs.
    """
    daily = session.get(DailyList, list_id)
    if daily is None or daily.salesperson_id != salesperson_id:
        raise UserMistake("list.not_yours")
    page = read_page(session, list_id, config.outcome_settings, now)
    start = daily.window_start + WINDOW
    daily.window_start = start if start < len(page.open_rows) else 0
    daily.version += 1
    session.add(daily)

"""Mark something as put right."""

from datetime import datetime

from sqlmodel import Session

from bot.errors import UserMistake
from models import Salesperson, Task


def finish_task(session: Session, task_id: int, by: Salesperson, now: datetime) -> None:
    """Mark a task done; harmless when it is. Raises UserMistake when it is not `by`'s."""
    task = session.get(Task, task_id)
    if task is None or task.salesperson_id != by.id:
        raise UserMistake("task.not_yours")
    task.done_at = task.done_at or now
    session.add(task)

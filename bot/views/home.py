"""The App Home: today's list and open tasks for salespeople, the way in for everyone else."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.texts import text
from bot.views.blocks import (
    MAX_HOME_BLOCKS,
    Block,
    button,
    context,
    escape,
    header,
    section,
)
from bot.views.daily_list import ListPage, daily_list
from models.enums import Language, TaskKind

TASK_DONE = "task_done"


@dataclass(frozen=True)
class OpenTask:
    task_id: int
    kind: TaskKind
    name: str
    company: str


def home(name: str, language: Language, page: ListPage | None, tasks: Sequence[OpenTask]) -> Block:
    """Today's list with its buttons, as in the message, and what is to be put right."""
    blocks = daily_list(page) if page else _no_list(name, language)
    blocks += _tasks(tasks, language)
    blocks.append(context(text("home.hint", language), "hint"))
    return _view(blocks)


def home_for_stranger(language: Language) -> Block:
    """Someone callfirst does not know: what this is, and whom to ask."""
    return _view(
        [
            header(text("home.title", language), "title"),
            section(text("home.stranger", language), "stranger"),
        ]
    )


def _no_list(name: str, language: Language) -> list[Block]:
    said = text("home.no_list", language, name=escape(name, 60))
    return [header(text("home.title", language), "title"), section(said, "no_list")]


def _tasks(tasks: Sequence[OpenTask], language: Language) -> list[Block]:
    if not tasks:
        return []
    return [
        {"type": "divider"},
        header(text("task.title", language), "tasks"),
        *[_task(task, language) for task in tasks],
    ]


def _task(task: OpenTask, language: Language) -> Block:
    who = {"name": escape(task.name, 80), "company": escape(task.company, 80)}
    label = text("task.done", language)
    done = button(label, TASK_DONE, str(task.task_id), spoken=f"{label} - {task.name}")
    return section(text(f"task.{task.kind}", language, **who), f"task:{task.task_id}", done)


def _view(blocks: list[Block]) -> Block:
    return {"type": "home", "blocks": blocks[:MAX_HOME_BLOCKS]}

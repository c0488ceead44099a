"""handlers → bot → models, and within bot: deciding, drawing and talking never meet.

The two tables are the floors of the house; a new arrow is a decision, made here.
"""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("models", "bot", "handlers")

# What several use cases share: gathered facts and drawn pages, no deed of their own.
SHARED = {
    *("candidates", "desk", "lead_facts", "list_page"),
    *("mail_batches", "mail_event_store", "mail_plan", "mail_rows", "mailing"),
}

# Floor → the floors it may import from. "self" is its own: other modules of the same floor.
MAY_IMPORT: dict[str, set[str]] = {
    "enums": set(),
    "models": {"enums", "self"},
    "clock": set(),
    "errors": set(),
    "rules": {"enums", "self"},
    "texts": {"enums", "self"},
    "views": {"enums", "rules", "texts", "blocks", "self"},
    "blocks": {"enums", "texts"},
    "config": {"enums", "rules"},
    "tokens": {"enums", "config", "errors"},
    "services": {"enums", "rules", "blocks", "errors", "self"},
    "parts": {"models", "config", "services"},
    "shared": {
        *("enums", "models", "rules", "texts", "views", "blocks"),
        *("services", "config", "errors", "tokens", "self"),
    },
    "use case": {
        *("enums", "models", "rules", "texts", "views", "blocks"),
        *("services", "config", "errors", "tokens", "parts", "shared"),
    },
    "schedule": {"enums", "models", "rules", "parts", "config", "use case"},
    "handlers": {
        *("enums", "models", "rules", "texts", "views", "blocks"),
        *("services", "config", "errors", "tokens", "parts", "shared", "use case"),
    },
    "web and slack apps": {
        *("enums", "models", "rules", "texts", "views", "blocks"),
        *("services", "config", "errors", "tokens", "parts", "shared", "use case", "handlers"),
    },
    "commands": {
        *("enums", "models", "rules", "texts", "views", "blocks", "clock"),
        *("services", "config", "errors", "tokens", "parts", "shared", "use case"),
        *("schedule", "web and slack apps", "self"),
    },
    "demo command": {"enums", "texts", "commands", "sandbox"},
    "cli": {"commands", "demo command"},
    "sandbox": {
        *("enums", "models", "rules", "texts", "views", "blocks", "clock"),
        *("services", "config", "errors", "tokens", "parts", "shared", "use case"),
        *("schedule", "handlers", "web and slack apps", "commands", "self"),
    },
}

# What comes from outside: package → the floors that may import it (all floors when not listed).
ONLY: dict[str, set[str]] = {
    "slack_sdk": {"services", "sandbox"},
    "slack_bolt": {"handlers", "web and slack apps", "commands", "sandbox"},
    "sendgrid": {"services"},
    "python_http_client": {"services"},
    "urllib.request": {"services", "sandbox"},
    "http.client": {"services", "sandbox"},
    "requests": set(),
    "httpx": {"services", "sandbox"},
    "smtplib": set(),
    "starlette": {"handlers", "web and slack apps", "sandbox", "commands"},
    "uvicorn": {"commands", "sandbox"},
    "apscheduler": {"schedule"},
    "typer": {"cli", "commands", "demo command"},
    "alembic": {"models", "use case"},
    "sqlalchemy": {
        *("enums", "models", "shared", "use case", "commands", "sandbox"),
        *("handlers", "web and slack apps"),  # for the names of errors; see the test below
    },
    "sqlmodel": {"models", "shared", "use case", "handlers", "sandbox"},
    "random.": {"sandbox"},  # the module's own functions share one hidden seed; see Random
    "time.": {"schedule", "services", "commands", "demo command", "sandbox"},
}
ALLOWED_ANYWHERE = {"random.Random", "slack_sdk.signature.SignatureVerifier"}
SQL_CALLS = {"exec", "execute", "scalar", "scalars", "get_one", "add", "add_all", "flush", "commit"}


def test_no_arrow_points_the_wrong_way() -> None:
    wrong = wrong_arrows(ROOT)

    assert not wrong, "\n".join(wrong)


def test_no_module_needs_itself() -> None:
    graph = {
        module: {our_module(ROOT, name) or "" for name in needs(ROOT / file)} - {module, ""}
        for module, file in modules(ROOT).items()
    }

    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))


def test_only_these_modules_are_neither_deed_nor_floor() -> None:
    stale = {name for name in SHARED if not (ROOT / "bot" / f"{name}.py").exists()}

    assert stale == set()


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("models/leads.py", "from bot.errors import UserMistake"),
        ("models/leads.py", "import handlers.pages"),
        ("bot/rules/ranking.py", "from models import Lead"),
        ("bot/rules/ranking.py", "from models.people import Lead"),
        ("bot/rules/ranking.py", "from sqlmodel import Session"),
        ("bot/rules/ranking.py", "from bot.clock import now"),
        ("bot/rules/ranking.py", "from bot import clock"),
        ("bot/rules/ranking.py", "import random"),
        ("bot/rules/ranking.py", "from random import shuffle"),
        ("bot/rules/ranking.py", "import time"),
        ("bot/rules/ranking.py", "from bot.texts import text"),
        ("bot/texts/__init__.py", "from bot.config import Config"),
        ("bot/views/home.py", "from models import Lead"),
        ("bot/views/home.py", "from sqlmodel import Session"),
        ("bot/views/home.py", "from bot.services.slack import Slack"),
        ("bot/services/slack.py", "from models import Lead"),
        ("bot/services/slack.py", "from bot.views.home import home"),
        ("bot/deal_leads.py", "from bot.log_outcome import log_outcome"),
        ("bot/deal_leads.py", "def later():\n    import bot.log_outcome"),
        ("bot/deal_leads.py", "from bot import log_outcome"),
        ("bot/deal_leads.py", "from handlers import pages"),
        ("bot/deal_leads.py", "from slack_sdk import WebClient"),
        ("bot/deal_leads.py", "import sendgrid"),
        ("bot/deal_leads.py", "from bot.clock import now"),
        ("bot/deal_leads.py", "from bot.cli import app"),
        ("bot/deal_leads.py", "from bot.sandbox import world"),
        ("bot/commands/lists.py", "from bot.sandbox import world"),
        ("bot/commands/lists.py", "from bot.cli import app"),
        ("bot/schedule.py", "from bot.sandbox import world"),
        ("handlers/pages.py", "from bot.sandbox import world"),
        ("handlers/pages.py", "from handlers.slack_home import register"),
        ("handlers/pages.py", "from handlers import slack_home"),
        ("handlers/pages.py", "from slack_sdk import WebClient"),
    ],
)
def test_a_wrong_arrow_is_seen(tmp_path: Path, file: str, line: str) -> None:
    for name in ("bot/log_outcome.py", "bot/clock.py", "bot/cli.py", "bot/sandbox/world.py"):
        write(tmp_path / name, "")
    write(tmp_path / "handlers/pages.py", "")
    write(tmp_path / "handlers/slack_home.py", "")
    write(tmp_path / file, line)

    assert [arrow.split(" → ")[0] for arrow in wrong_arrows(tmp_path)] == [file]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("bot/rules/listing.py", "from random import Random"),
        ("bot/rules/listing.py", "from bot.rules.ranking import rank"),
        ("bot/deal_leads.py", "from models import Lead"),
        ("handlers/pages.py", "from sqlmodel import Session"),
        ("handlers/web_app.py", "from handlers import pages"),
        ("bot/commands/demo.py", "from bot.sandbox import world"),
    ],
)
def test_a_right_arrow_is_let_be(tmp_path: Path, file: str, line: str) -> None:
    write(tmp_path / "handlers/pages.py", "")
    write(tmp_path / file, line)

    assert wrong_arrows(tmp_path) == []


@pytest.mark.parametrize("file", sorted(ROOT.glob("handlers/*.py")), ids=lambda file: file.stem)
def test_a_handler_writes_no_sql(file: Path) -> None:
    assert sql_in(file) == []


@pytest.mark.parametrize(
    "code",
    [
        "import sqlalchemy as sa\nX = sa.select(1)",
        "import sqlalchemy as db\nX = db.text('DELETE FROM lead')",
        "from sqlalchemy import select",
        "from sqlmodel import select",
        "def f(session):\n    session.execute('DELETE FROM lead')",
        "def f(session, lead):\n    session.add(lead)",
    ],
)
def test_sql_in_a_handler_is_seen(tmp_path: Path, code: str) -> None:
    write(tmp_path / "pages.py", code)

    assert len(sql_in(tmp_path / "pages.py")) == 1


def test_a_handler_may_name_the_databases_errors(tmp_path: Path) -> None:
    write(tmp_path / "pages.py", "import sqlalchemy as sa\nX = sa.exc.DBAPIError")

    assert sql_in(tmp_path / "pages.py") == []


def sql_in(file: Path) -> list[str]:
    """What in the file makes or runs a statement."""
    tree = ast.parse(file.read_text("utf-8"))
    harmless = ("sqlmodel.Session", "sqlalchemy.exc.")
    found = [
        name
        for name in imports(file)
        if name.startswith(("sqlmodel.", "sqlalchemy.")) and not name.startswith(harmless)
    ]
    library = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in {"sqlalchemy", "sqlmodel"}
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            made = isinstance(node.value, ast.Name) and node.value.id in library
            if (made and node.attr != "exc") or node.attr in SQL_CALLS:
                found.append(ast.unparse(node))
    return found


def wrong_arrows(root: Path) -> list[str]:
    """Each import that no table allows, as "file → what it imports"."""
    return [
        f"{file} → {name}"
        for module, file in modules(root).items()
        for name in sorted(set(imports(root / file)))
        if not allowed(root, module, name)
    ]


def allowed(root: Path, module: str, name: str) -> bool:
    here = floor(module)
    if name in ALLOWED_ANYWHERE:
        return True
    if not all(here in floors for prefix, floors in ONLY.items() if starts(name, prefix)):
        return False
    target = our_module(root, name)
    if target is None or target == module:
        return True
    there = floor(target)
    return ("self" in MAY_IMPORT[here]) if there == here else (there in MAY_IMPORT[here])


def floor(module: str) -> str:
    """Which floor a module of ours stands on."""
    top, _, rest = module.partition(".")
    first = rest.partition(".")[0]
    if top == "models":
        return "enums" if first == "enums" else "models"
    if top == "handlers":
        return "web and slack apps" if first in {"slack_app", "web_app"} else "handlers"
    if module == "bot.views.blocks":
        return "blocks"
    if module == "bot.commands.demo":
        return "demo command"
    if first in SHARED:
        return "shared"
    return first if first in MAY_IMPORT else "use case"


def modules(root: Path) -> dict[str, str]:
    """Our modules by dotted name, with their files."""
    files = [file.relative_to(root) for top in OURS for file in sorted(root.glob(f"{top}/**/*.py"))]
    return {
        ".".join(file.with_suffix("").parts).removesuffix(".__init__"): file.as_posix()
        for file in files
    }


def our_module(root: Path, name: str) -> str | None:
    """The module of ours that an imported name is or comes from; a missing one counts too."""
    if name.partition(".")[0] not in OURS:
        return None
    while "." in name and not is_module(root, name):
        parent = name.rpartition(".")[0]
        if not is_module(root, parent):
            break
        name = parent
    return name


def is_module(root: Path, name: str) -> bool:
    path = root.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def imports(file: Path) -> Iterator[str]:
    """Every imported name in full, wherever in the file it stands."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        yield from names_in(node)


def needs(file: Path) -> Iterator[str]:
    """The imports without which the file cannot be loaded: none for types alone, none for later."""
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from names_in(node)


def names_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def starts(name: str, prefix: str) -> bool:
    return f"{name}.".startswith(f"{prefix.removesuffix('.')}.")


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")

"""`callfirst`: the composition root of the real thing."""

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from bot.commands import classes, demo, import_file, lists, mail, migrate, people, run, verify


class OneSentence(TyperGroup):
    """Wrong use gets one sentence on stderr and exit 2, as bad input does."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **more: Any,
    ) -> Any:
        given = (args, prog_name, complete_var, False, windows_expand_args)
        if not standalone_mode:
            return super().main(*given, **more)
        try:
            ended = super().main(*given, **more)
        except typer.Abort:
            ended = 1
        except typer.TyperException as wrong:
            ended = _tell(wrong)
        sys.exit(ended if isinstance(ended, int) else 0)


def _tell(wrong: Any) -> int:
    said = wrong.format_message()
    if "\n" in said:  # typed without any word: the help itself
        typer.echo(said)
        return 2
    context = getattr(wrong, "ctx", None)
    hint = f" Try `{context.command_path} --help`." if context else ""
    typer.echo(f"callfirst: {said.rstrip('.')}.{hint}", err=True)
    return 2


app = typer.Typer(
    name="callfirst",
    cls=OneSentence,
    help="The Slack bot that says whom to call first.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

demo.register(app)
run.register(app)
migrate.register(app)
mail.register(app)
lists.register(app)
verify.register(app)
people.register(app)
import_file.register(app)
classes.register(app)

"""`callfirst`: the composition root of the real thing."""

import typer

from bot.commands import classes, demo, import_file, lists, mail, migrate, people, run, verify

app = typer.Typer(
    name="callfirst",
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

"""`callfirst`: the composition root of the real thing."""

import typer

from bot.commands import mail, migrate, verify

app = typer.Typer(
    name="callfirst",
    help="The Slack bot that says whom to call first.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

migrate.register(app)
mail.register(app)
verify.register(app)

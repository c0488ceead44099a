"""`callfirst verify`: the proof from the ledger."""

import typer

from bot.commands.base import JsonOption, configured, open_database, print_json, stdout
from bot.texts import text


def register(app: typer.Typer) -> None:
    app.command()(verify)


def verify(as_json: bool = JsonOption) -> None:
    """Prove that nobody was mailed twice, too often, or after refusing; exit 1 when it fails."""
    from bot.verify_ledger import verify_ledger
    from bot.views.mail_report import proof_report

    config = configured()
    with open_database(config) as database, database.reading() as session:
        proof = verify_ledger(session, zone=config.tz_default, gap=config.mail_settings.gap)
    if as_json:
        print_json(proof)
    else:
        report = proof_report(proof, config.language_default)
        stdout.print(report, markup=False, highlight=False, soft_wrap=True)
        stdout.print(text("verify.ok" if proof["ok"] else "verify.failed", config.language_default))
    if not proof["ok"]:
        raise typer.Exit(1)

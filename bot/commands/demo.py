"""`callfirst demo`: the sandbox in the browser, or a whole month of it without one."""

import gc
import signal
import threading
from typing import Any

import typer

from bot.commands.base import JsonOption, print_json, refuse, stderr, stdout

PortOption = typer.Option(0, "--port", min=0, max=65535, help="Port of the page; 0 = a free one.")
SeedOption = typer.Option(1, "--seed", help="The same seed gives the same company and month.")
MonthOption = typer.Option(False, "--month", help="Run 20 working days headless and report.")


def register(app: typer.Typer) -> None:
    """Add `demo` to the command line."""

    @app.command()
    def demo(
        port: int = PortOption,
        seed: int = SeedOption,
        month: bool = MonthOption,
        json: bool = JsonOption,
    ) -> None:
        """Try callfirst with stand-ins for Slack and SendGrid: no account, no network."""
        if json and not month:
            refuse("--json needs --month: the page has no document")
        if month:
            _month(seed, json)
        else:
            _page(seed, port)


def _page(seed: int, port: int) -> None:
    stdout.print(
        "callfirst demo: Slack and SendGrid are stand-ins on this machine; nothing leaves it.",
        highlight=False,
        soft_wrap=True,
    )
    stdout.print("Preparing a sample company with 5,000 leads …", highlight=False, soft_wrap=True)
    from bot.sandbox.demo import Demo
    from bot.sandbox.root import forget_proxies

    forget_proxies()
    try:
        demo = Demo(seed, port)
    except OSError as error:
        refuse(f"port {port} cannot be used ({error.strerror})")
    with demo.sandbox:
        demo.start()
        stdout.print(f"Open {demo.sandbox.page_url}/", highlight=False, soft_wrap=True)
        stdout.print(
            "Ctrl+C ends the demo and deletes everything in it.", highlight=False, soft_wrap=True
        )
        _wait_for_the_end()


def _wait_for_the_end() -> None:
    """Until Ctrl+C or a polite kill; both leave nothing behind."""
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    while not ended.wait(0.5):
        pass
    stdout.print("The demo has ended.")


def _month(seed: int, as_json: bool) -> None:
    from bot.sandbox.month import run_month
    from bot.sandbox.root import forget_proxies

    forget_proxies()
    gc.disable()  # a short life with many objects: collecting them costs a tenth of the time
    report, faults = run_month(seed)
    if as_json:
        print_json(report)
    else:
        _show(report)
    for fault in faults:
        stderr.print(fault, highlight=False, markup=False)
    if not report["verify"]["ok"]:
        raise typer.Exit(1)


def _show(report: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table("", "", title=f"One month, seed {report['seed']}", show_header=False)
    for name, value in report.items():
        if name != "verify":
            table.add_row(name.replace("_", " "), str(value))
    verify = report["verify"]
    table.add_row("verify", "ok" if verify["ok"] else "NOT ok")
    stdout.print(table)
    for name, found in verify.items():
        if name not in ("ok", "unsure") and found:
            stdout.print(f"{name}: {found}", highlight=False, markup=False)

"""A process that sends, for tests that kill it: imports once, then forks a sender per line read.

Each line is a mail's number. The child settles and sends like `callfirst mail send`; its process
id is printed when it starts and its end when it has ended.
"""

import os
import sys
from datetime import UTC, datetime

from bot.config import Config
from bot.send_info_mail import send_mail
from bot.services import sendgrid
from bot.services.sendgrid import Mailer
from bot.settle_deliveries import settle_deliveries
from models import Database


def now() -> datetime:
    return datetime.now(UTC)


def send(mail_id: int) -> None:
    config = Config(_env_file=None)
    database = Database(config.database_url)
    with database.writing() as session:
        settle_deliveries(session, now())
    send_mail(database, Mailer("SG.key", config.sendgrid_api_url), config, now, mail_id)
    database.dispose()


def say(word: str, number: int) -> None:
    sys.stdout.write(f"{word} {number}\n")
    sys.stdout.flush()


def main() -> None:
    sendgrid._client("", "")  # imported before the fork, so that a child starts at once
    sendgrid._opener(True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                send(int(line))
                status = 0
            finally:
                os._exit(status)
        say("started", child)
        say("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


main()

"""The page's other side of the wire: be a customer, read the mail, click, answer, refuse."""

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.sandbox.company import Contact
from bot.sandbox.in_thread import in_thread
from bot.sandbox.nature import address_of
from bot.sandbox.page import Drawer, back_to, form_of
from bot.sandbox.reader import links_of, shown_html, url_at
from bot.sandbox.sendgrid_api import Mail
from bot.sandbox.world import BROWSERS
from models import Lead, Salesperson, table_of

if TYPE_CHECKING:
    from bot.sandbox.demo import Demo

SHOWN = 40
BETWEEN_CLICKS = timedelta(seconds=40)  # a person reads before the next click


class LeadPage:
    """Search for a customer, be them."""

    def __init__(self, demo: "Demo", drawer: Drawer) -> None:
        self.demo, self.drawer = demo, drawer
        self.world, self.sendgrid = demo.sandbox.world, demo.sandbox.sendgrid

    def routes(self) -> list[Route]:
        return [
            Route("/leads", in_thread(self.search)),
            Route("/leads/{number:int}", in_thread(self.lead)),
            Route("/leads/{number:int}/unsubscribe", in_thread(self.unsubscribe), methods=["POST"]),
            Route("/sendgrid/click/{mail:int}/{place:int}", in_thread(self.click)),
            Route("/away", in_thread(self.away)),
        ]

    def search(self, request: Request, _body: bytes) -> Response:
        words = request.query_params.get("q", "").strip()
        found = [one for one in self.world.contacts if _matches(one, words)]
        mailed = [one for one in found if self._mails(one)]
        return self.drawer.page(
            request,
            "leads.html",
            title="leads",
            q=words,
            total=len(found),
            leads=[(one, len(self._mails(one))) for one in [*mailed, *found][:SHOWN]],
            mailed=bool(self.sendgrid.mails),
        )

    def lead(self, request: Request, _body: bytes) -> Response:
        contact = self._contact(request)
        if contact is None:
            return back_to(request, "/leads")
        mails = self._mails(contact)
        for mail in mails:
            self._open(mail)
        return self.drawer.page(
            request,
            "lead.html",
            title=contact.name,
            lead=contact,
            known=self._known(contact),
            mails=[
                (mail, shown_html(mail, "/sendgrid/click"), links_of(mail))
                for mail in reversed(mails)
            ],
        )

    def click(self, request: Request, _body: bytes) -> Response:
        """A tracked link is followed: SendGrid tells the bot, and the reader goes on."""
        number, place = request.path_params["mail"], request.path_params["place"]
        mail = self.sendgrid.mails[number] if number < len(self.sendgrid.mails) else None
        url = url_at(mail, place) if mail else None
        if mail is None or url is None:
            return back_to(request, "/leads")
        with self.demo.moving:
            sandbox = self.demo.sandbox
            sandbox.passing.advance(sandbox.clock.now() + BETWEEN_CLICKS)
            self.world.clicked(
                mail, place, url, sandbox.clock.now(), BROWSERS[0], address_of(mail.to)
            )
            self.world.truth_of(mail.to).human.append(sandbox.clock.now())
            sandbox.hook.post_due()
            sandbox.settle()
        self.demo.clicked(mail, url)
        local = urlsplit(url).netloc == urlsplit(self.demo.sandbox.product_url).netloc
        return RedirectResponse(url if local else f"/away?url={quote(url, safe='')}", 302)

    def away(self, request: Request, _body: bytes) -> Response:
        """Where a link to the sender's own site would lead; that site does not exist."""
        url = request.query_params.get("url", "")
        return self.drawer.page(request, "away.html", title="link", url=url)

    def unsubscribe(self, request: Request, body: bytes) -> Response:
        """The mail program's own unsubscribe button: a one-click POST to the bot."""
        contact = self._contact(request)
        number = int(form_of(body).get("mail", "-1"))
        mail = self.sendgrid.mails[number] if 0 <= number < len(self.sendgrid.mails) else None
        if contact is None or mail is None:
            return back_to(request, "/leads")
        self.demo.sandbox.errands.unsubscribe(links_of(mail).one_click)
        self.world.truth_of(mail.to).refused = self.demo.sandbox.clock.now()
        self.demo.tell("notice.unsubscribed", name=contact.name)
        return back_to(request, f"/leads/{contact.number}")

    def _open(self, mail: Mail) -> None:
        """The reader's mail program loads the picture that tells of an open, once."""
        if mail.opened or not mail.tracks("open_tracking"):
            return
        mail.opened = True
        with self.demo.moving:
            now = self.demo.sandbox.clock.now()
            reader = {"useragent": BROWSERS[0], "ip": address_of(mail.to)}
            self.demo.sandbox.hook.happen(now, "open", mail, sg_machine_open=False, **reader)
            self.demo.sandbox.hook.post_due()

    def _contact(self, request: Request) -> Contact | None:
        number = request.path_params["number"]
        return self.world.contacts[number] if number < len(self.world.contacts) else None

    def _mails(self, contact: Contact) -> list[Mail]:
        return self.sendgrid.by_address.get(contact.email.lower(), []) if contact.email else []

    def _known(self, contact: Contact) -> tuple[str, str, str] | None:
        """Class, owner and the owner's Slack id, as the bot has them."""
        if not contact.email:
            return None
        lead, person = table_of(Lead).c, table_of(Salesperson).c
        query = (
            sa.select(lead.customer_class, person.name, person.slack_id)
            .join(table_of(Salesperson), person.id == lead.owner_id)
            .where(lead.email_key == contact.email.lower())
        )
        with self.demo.sandbox.database.reading() as session:
            found = session.execute(query).first()
        return (str(found[0]), found[1], found[2]) if found else None


def _matches(contact: Contact, words: str) -> bool:
    text = f"{contact.name} {contact.firm.name} {contact.email} {contact.department}".lower()
    return all(word in text for word in words.lower().split())

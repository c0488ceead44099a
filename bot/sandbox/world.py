"""How the sample's people behave: who reads, clicks, answers, refuses, and how calls end.

Each person's luck comes from the seed and from who they are, never from the order in which things
happen, so the same seed tells the same month.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random

from bot.sandbox.company import Contact
from bot.sandbox.errands import Errands
from bot.sandbox.nature import Nature, Truth, address_of, chance_of, waking
from bot.sandbox.reader import Link, MailLinks, links_of
from bot.sandbox.sendgrid_api import Mail
from bot.sandbox.sendgrid_hook import Hook

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/137.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/137.0 Edg/137.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.4 Safari",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
)
SCANNER_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/96.0.4664.110 Safari"
)
PREFETCHER = "Mozilla/5.0"
SWEEP_MEDIAN = 3.69  # of a normal law of logarithms: 40 seconds after delivery
# Others take a day to answer, so that a visitor who answers today is first tomorrow.
SLEPT_OVER_IT = timedelta(hours=26)


class World:
    """Reacts to each mail SendGrid accepts, and picks up the phone."""

    def __init__(
        self, seed: int, contacts: Sequence[Contact], hook: Hook, errands: Errands
    ) -> None:
        self.seed, self.hook, self.errands = seed, hook, errands
        self.contacts = contacts
        self.by_address = {one.email.lower(): one for one in contacts if one.email}
        self.by_phone = {one.dialled: one for one in contacts}
        self.by_phone |= {one.dialled_mobile: one for one in contacts if one.mobile}
        self.truth: dict[str, Truth] = {}
        self.never_call: set[str] = set()  # numbers whose owners have said so
        self.interested: set[str] = set()  # said on the phone: a human reaction too

    def truth_of(self, address: str) -> Truth:
        return self.truth.setdefault(address.lower(), Truth())

    def nature(self, who: str, domain: str) -> Nature:
        """What the person behind an address or number is like."""
        chance = chance_of(self.seed, "nature", who)
        return Nature(
            interest=chance.betavariate(0.9, 5.5),
            dead=chance.random() < 0.085,
            prefetched=chance.random() < 0.15,
            swept=chance_of(self.seed, "gateway", domain).random() < 0.12,
        )

    def receive(self, mail: Mail) -> None:
        """Everything that will come of one mail, put on the calendar."""
        address = mail.to.lower()
        chance = chance_of(self.seed, "mail", f"{address} {mail.accepted_at.date()}")
        truth, nature = self.truth_of(address), self.nature(address, address.partition("@")[2])
        at = mail.accepted_at + timedelta(seconds=chance.randrange(1, 4))
        self.hook.happen(at, "processed", mail)
        if truth.bounced:
            self.hook.happen(at, "dropped", mail, reason="Bounced Address", status="5.0.0")
            return
        if nature.dead:
            self._bounce(mail, at, chance)
            return
        at = self._deliver(mail, at, chance)
        if nature.prefetched:
            self._prefetch(mail, at, chance)
        links = links_of(mail) if nature.swept or chance.random() < 0.5 else None
        if nature.swept and links:
            self._sweep(mail, links, at, chance)
        if links:
            self._read(mail, links, nature, at, chance)

    def call_ends(self, contact: Contact, now: datetime) -> str:
        """The outcome of a call, as a value of the outcome buttons."""
        who = contact.email.lower() or contact.dialled
        chance = chance_of(self.seed, "call", f"{contact.dialled} {now.date()}")
        nature = self.nature(who, contact.firm.domain)
        warm = bool(contact.email) and bool(self.truth_of(contact.email).human)
        if chance.random() < (0.52 if warm else 0.66):
            return "no_answer"
        pull = nature.interest + (0.35 if warm else 0)
        outcomes = {
            "appointment": 0.3 * pull * pull,
            "interested": 0.5 * pull,
            "callback": 0.16,
            "not_now": 0.7 * (1 - pull),
            "moved_department": 0.03,
            "left_company": 0.03 + (0.2 if nature.dead else 0),
            "wrong_number": 0.02,
            "do_not_call": 0.02,
            "do_not_mail": 0.03,
        }
        return chance.choices(list(outcomes), [max(one, 0) for one in outcomes.values()])[0]

    def told(self, contact: Contact, outcome: str, now: datetime) -> None:
        """What a person said on the phone stays said."""
        if outcome == "do_not_mail" and contact.email:
            truth = self.truth_of(contact.email)
            truth.refused = min(truth.refused or now, now)
        elif outcome == "do_not_call":
            self.never_call.add(contact.dialled)
        elif outcome == "interested":
            self.interested.add(contact.dialled)

    def _bounce(self, mail: Mail, at: datetime, chance: Random) -> None:
        at += timedelta(seconds=chance.randrange(2, 30))
        self.truth_of(mail.to).bounced = at
        self.hook.happen(
            at,
            "bounce",
            mail,
            type="bounce",
            reason="550 5.1.1 The email account that you tried to reach does not exist.",
            status="5.1.1",
            bounce_classification="Invalid Address",
        )

    def _deliver(self, mail: Mail, at: datetime, chance: Random) -> datetime:
        if chance.random() < 0.02:
            self.hook.happen(at, "deferred", mail, response="451 4.7.1 Try again", attempt="1")
            at += timedelta(minutes=chance.randrange(5, 25))
        at += timedelta(seconds=chance.randrange(2, 25))
        self.hook.happen(at, "delivered", mail, response="250 OK", ip="192.0.2.50")
        return at

    def _prefetch(self, mail: Mail, at: datetime, chance: Random) -> None:
        if mail.tracks("open_tracking"):
            at += timedelta(seconds=chance.randrange(20, 3_600))
            self.hook.happen(
                at, "open", mail, sg_machine_open=True, useragent=PREFETCHER, ip="192.0.2.60"
            )
            self.truth_of(mail.to).machine += 1

    def _sweep(self, mail: Mail, links: MailLinks, at: datetime, chance: Random) -> None:
        """Security software opens the mail, then follows every link within a second."""
        at += timedelta(seconds=int(chance.lognormvariate(SWEEP_MEDIAN, 0.6)))
        ip = f"192.0.2.{100 + chance.randrange(8)}"
        if mail.tracks("open_tracking") and chance.random() < 0.5:
            early = at - timedelta(seconds=9)
            self.hook.happen(
                early, "open", mail, sg_machine_open=False, useragent=SCANNER_BROWSER, ip=ip
            )
        for place, url in links.tracked:
            later = at + timedelta(seconds=chance.random() < 0.3)
            self.clicked(mail, place, url, later, SCANNER_BROWSER, ip)
            self.truth_of(mail.to).machine += 1

    def _read(
        self, mail: Mail, links: MailLinks, nature: Nature, at: datetime, chance: Random
    ) -> None:
        """A person opens the mail at a human hour, perhaps clicks, answers, or refuses."""
        if chance.random() > 0.25 + 1.4 * nature.interest:
            return
        at = waking(at + timedelta(minutes=2 + chance.expovariate(1 / 200)))
        browser, ip = chance.choice(BROWSERS), address_of(mail.to)
        if mail.tracks("open_tracking"):
            self.hook.happen(at, "open", mail, sg_machine_open=False, useragent=browser, ip=ip)
        if links.content and chance.random() < 1.1 * nature.interest:
            at = self._click_some(mail, links, nature, at, chance)
            if links.survey and chance.random() < 0.05 + 0.7 * nature.interest:
                self._answer(mail, links.survey, nature, at, chance)
        elif links.one_click and chance.random() < 0.012:
            at += timedelta(seconds=20)
            self.truth_of(mail.to).refused = at
            self.errands.put(at, partial(self.errands.unsubscribe, links.one_click))

    def _click_some(
        self,
        mail: Mail,
        links: MailLinks,
        nature: Nature,
        at: datetime,
        chance: Random,
    ) -> datetime:
        count = 1 + (chance.random() < nature.interest + 0.2) + (chance.random() < nature.interest)
        browser, ip = chance.choice(BROWSERS), address_of(mail.to)
        for place, url in chance.sample(links.content, min(count, len(links.content))):
            at += timedelta(seconds=chance.randrange(15, 120))
            self.clicked(mail, place, url, at, browser, ip)
            self.truth_of(mail.to).human.append(at)
        return at

    def _answer(
        self, mail: Mail, survey: Link, nature: Nature, at: datetime, chance: Random
    ) -> None:
        place, url = survey
        at = waking(at + SLEPT_OVER_IT + timedelta(hours=chance.expovariate(1 / 20)))
        self.clicked(mail, place, url, at, chance.choice(BROWSERS), address_of(mail.to))
        at += timedelta(seconds=chance.randrange(60, 300))
        might = chance.choices(
            ("within_3_months", "within_a_year", "unknown", "no_plan"),
            (3 * nature.interest, 1, 0.7, 0.8 * (1 - nature.interest)),
        )[0]
        similar = chance.choice(("yes", "no"))
        trouble = chance.choice(("", "納期がそろわず困っています。", "The forms take too long."))
        self.errands.put(at, partial(self.errands.answer, url, might, similar, trouble))
        self.truth_of(mail.to).answered.append(at)
        self.truth_of(mail.to).human.append(at)

    def clicked(
        self, mail: Mail, place: int, url: str, at: datetime, browser: str, ip: str
    ) -> None:
        """A tracked link is followed; SendGrid will say so."""
        self.hook.happen(
            at,
            "click",
            mail,
            url=url,
            url_offset={"index": place, "type": "html"},
            useragent=browser,
            ip=ip,
        )

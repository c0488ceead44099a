"""Who caused an open or a click: a person, a machine, or we cannot say.

Security software opens mails and follows every link before (or beside) the reader. SendGrid's
times are whole seconds. Verdicts are a function of all signals of one delivery, so late evidence
changes them and the order of arrival does not.

A click on the unsubscribe or survey link is judged like any other, since a burst sweeps those too;
that wanting no mail is no interest is for the ranking, which leaves our opt-out links out.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from models.enums import EventKind, Verdict

# Nobody opens three different links in two seconds; of 836 measured scanner sweeps nearly all
# took under one.
BURST_LINKS = 3
BURST_WINDOW = timedelta(seconds=2)
# Whoever swept the links is the same machine a little earlier or later.
BESIDE_BURST = timedelta(minutes=15)
# Quicker than reading; delay alone never condemns, it only leaves us unsure.
SOON_CLICK = timedelta(seconds=5)
SOON_OPEN = timedelta(seconds=10)

SCANNER = re.compile(
    r"(?<!cu)bot\b|spider|crawl|headless|phantomjs|bingpreview|facebookexternalhit"
    r"|urldefense|proofpoint|safelinks|barracuda|mimecast|forcepoint|symantec|trendmicro"
    r"|trend micro|sophos|zscaler|fireeye|ironport|fortinet|curl/|wget/|python-|go-http-client"
    r"|libwww|java/|apache-httpclient|okhttp|axios|node-fetch|scanner",
    re.IGNORECASE,
)

PERSON = "verdict.person"
MACHINE_OPEN = "verdict.machine_open"
NO_USER_AGENT = "verdict.no_user_agent"
SCANNER_NAME = "verdict.scanner_name"
BURST = "verdict.burst"
BESIDE = "verdict.beside_burst"
TOO_SOON = "verdict.too_soon"
UNKNOWN_MAIL = "verdict.unknown_mail"
ODD_TIME = "verdict.odd_time"


@dataclass(frozen=True, slots=True)
class Signal:
    """One open or click of a delivery: all that may be looked at."""

    id: int
    at: datetime
    kind: EventKind
    url: str
    ip: str
    user_agent: str
    machine_flag: bool


Judgement = tuple[Verdict, str]  # the verdict and the text key of its reason


def judge(signals: Sequence[Signal], delivered_at: datetime | None) -> dict[int, Judgement]:
    """The verdict on each open and click of one delivery, by id.

    Without a `delivered_at` nothing is held against a quick reader.
    """
    swept = _swept([signal for signal in signals if signal.kind is EventKind.CLICK])
    beside = _Beside(signal for signal in signals if signal.id in swept)
    return {signal.id: _judge_one(signal, swept, beside, delivered_at) for signal in signals}


def _judge_one(
    signal: Signal, swept: set[int], beside: "_Beside", delivered_at: datetime | None
) -> Judgement:
    if signal.machine_flag:
        return Verdict.MACHINE, MACHINE_OPEN
    if not signal.user_agent:
        return Verdict.MACHINE, NO_USER_AGENT
    if _is_scanner(signal.user_agent):
        return Verdict.MACHINE, SCANNER_NAME
    if signal.id in swept:
        return Verdict.MACHINE, BURST
    if beside.holds(signal):
        return Verdict.MACHINE, BESIDE
    soon = SOON_CLICK if signal.kind is EventKind.CLICK else SOON_OPEN
    if delivered_at is not None and signal.at - delivered_at < soon:
        return Verdict.UNSURE, TOO_SOON
    return Verdict.HUMAN, PERSON


@lru_cache(maxsize=4096)  # a few names make nearly all visits, and the search is the slow part
def _is_scanner(user_agent: str) -> bool:
    return SCANNER.search(user_agent) is not None


def _swept(clicks: Sequence[Signal]) -> set[int]:
    """The clicks inside any window of two seconds that holds three different links."""
    ordered = sorted(clicks, key=lambda click: click.at)
    swept: set[int] = set()
    links: dict[str, int] = defaultdict(int)
    first = marked = 0
    for last, click in enumerate(ordered):
        links[click.url] += 1
        while click.at - ordered[first].at > BURST_WINDOW:
            links[ordered[first].url] -= 1
            if not links[ordered[first].url]:
                del links[ordered[first].url]
            first += 1
        if len(links) >= BURST_LINKS:
            swept.update(ordered[place].id for place in range(max(first, marked), last + 1))
            marked = last + 1
    return swept


class _Beside:
    """When the machines of the bursts were seen, by address and by browser name."""

    def __init__(self, burst: Iterable[Signal]) -> None:
        self._by_ip: dict[str, list[datetime]] = defaultdict(list)
        self._by_agent: dict[str, list[datetime]] = defaultdict(list)
        for click in sorted(burst, key=lambda click: click.at):
            self._by_ip[click.ip].append(click.at)
            self._by_agent[click.user_agent].append(click.at)

    def holds(self, signal: Signal) -> bool:
        """Seen with the same address within 15 minutes; a click also with the same browser name.

        An open is not condemned by its browser's name: the reader's is often the same.
        """
        if signal.ip and _near(signal.at, self._by_ip, signal.ip):
            return True
        return signal.kind is EventKind.CLICK and _near(
            signal.at, self._by_agent, signal.user_agent
        )


def _near(at: datetime, seen: Mapping[str, list[datetime]], name: str) -> bool:
    times = seen.get(name, ())
    place = bisect_left(times, at)
    return any(abs(time - at) <= BESIDE_BURST for time in times[max(place - 1, 0) : place + 1])

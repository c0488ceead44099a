"""Who clicked: scanners sweep, people choose, and both may do so side by side."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.verdicts import (
    BESIDE,
    BURST,
    MACHINE_OPEN,
    NO_USER_AGENT,
    PERSON,
    SCANNER_NAME,
    TOO_SOON,
    Signal,
    judge,
)
from models.enums import EventKind, Verdict
from tests.builders import T0
from tests.signals import OTHER_PERSON
from tests.signals import PERSON as BROWSER

DELIVERED = T0 - timedelta(minutes=5)


def a_click(id: int, seconds: float = 0, link: int = 1, **fields: Any) -> Signal:
    given = {
        "at": T0 + timedelta(seconds=seconds),
        "kind": EventKind.CLICK,
        "url": f"https://x.example/{link}",
        "ip": "192.0.2.1",
        "user_agent": BROWSER,
        "machine_flag": False,
    }
    return Signal(id=id, **given | fields)


def an_open(id: int, seconds: float = 0, **fields: Any) -> Signal:
    return a_click(id, seconds, kind=EventKind.OPEN, url="", **fields)


def reasons(*signals: Signal, delivered_at: datetime | None = DELIVERED) -> list[str]:
    judged = judge(signals, delivered_at)
    return [judged[signal.id][1] for signal in signals]


def a_sweep(first_id: int = 10, seconds: float = 0, **fields: Any) -> list[Signal]:
    scanner = {"ip": "198.51.100.9", "user_agent": "Scanning Browser"} | fields
    return [a_click(first_id + link, seconds + link // 5, link, **scanner) for link in range(9)]


def test_a_calm_click_is_a_persons() -> None:
    assert judge([a_click(1)], DELIVERED) == {1: (Verdict.HUMAN, PERSON)}


def test_two_links_eight_seconds_apart_are_a_persons() -> None:
    assert reasons(a_click(1, 0, 1), a_click(2, 8, 2)) == [PERSON, PERSON]


@pytest.mark.parametrize(("gap", "expected"), [(0, BURST), (1, BURST), (1.5, PERSON)])
def test_three_links_within_two_seconds_are_a_sweep(gap: float, expected: str) -> None:
    clicks = [a_click(link, link * gap, link) for link in range(3)]

    assert reasons(*clicks) == [expected] * 3


def test_one_link_clicked_three_times_at_once_is_no_sweep() -> None:
    assert reasons(*[a_click(number, 0, 1) for number in range(3)]) == [PERSON] * 3


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, BESIDE),
        ({"ip": "203.0.113.5"}, BESIDE),
        ({"user_agent": OTHER_PERSON}, BESIDE),
        ({"ip": "203.0.113.5", "user_agent": OTHER_PERSON}, PERSON),
    ],
)
def test_a_click_of_the_sweeper_nearby_is_the_machines_and_a_persons_beside_it_is_not(
    fields: dict[str, str], expected: str
) -> None:
    sweeper = {"ip": "198.51.100.9", "user_agent": "Scanning Browser"} | fields

    for seconds in (-200, 12, 890):
        assert reasons(a_click(1, seconds, **sweeper), *a_sweep())[0] == expected


def test_the_same_source_sixteen_minutes_later_may_be_a_person() -> None:
    later = a_click(1, 16 * 60 + 2, ip="198.51.100.9")

    assert reasons(later, *a_sweep())[0] == PERSON


def test_an_open_is_not_condemned_by_the_sweepers_browser_name_alone() -> None:
    opened = an_open(1, -60, ip="203.0.113.5", user_agent="Scanning Browser")
    scanned = an_open(2, -9, ip="198.51.100.9", user_agent="Other")

    assert reasons(opened, scanned, *a_sweep())[:2] == [PERSON, BESIDE]


@pytest.mark.parametrize(
    "name",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1)",
        "Mozilla/5.0 Barracuda Sentinel (EE)",
        "python-requests/2.32",
        "curl/8.5.0",
        "Mozilla/5.0 HeadlessChrome/130.0",
        "Mimecast URL Protect",
    ],
)
def test_software_that_gives_its_name_is_a_machine(name: str) -> None:
    assert reasons(a_click(1, user_agent=name), an_open(2, user_agent=name)) == [SCANNER_NAME] * 2


@pytest.mark.parametrize(
    "name",
    [
        BROWSER,
        OTHER_PERSON,
        "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 30)",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    ],
)
def test_browsers_and_gmails_image_proxy_are_not_software_names(name: str) -> None:
    assert reasons(an_open(1, user_agent=name)) == [PERSON]


def test_no_browser_name_or_sendgrids_flag_is_a_machine() -> None:
    assert reasons(a_click(1, user_agent="")) == [NO_USER_AGENT]
    assert reasons(an_open(1, user_agent="")) == [NO_USER_AGENT]
    assert reasons(an_open(1, machine_flag=True)) == [MACHINE_OPEN]


@pytest.mark.parametrize(
    ("signal", "seconds", "expected"),
    [
        (a_click(1), 4, Verdict.UNSURE),
        (a_click(1), -30, Verdict.UNSURE),
        (a_click(1), 5, Verdict.HUMAN),
        (an_open(1), 9, Verdict.UNSURE),
        (an_open(1), 10, Verdict.HUMAN),
    ],
)
def test_too_soon_leaves_us_unsure_and_condemns_nobody(
    signal: Signal, seconds: int, expected: Verdict
) -> None:
    judged = judge([signal], T0 - timedelta(seconds=seconds))

    assert judged[1][0] is expected


def test_without_a_time_of_delivery_nothing_is_too_soon() -> None:
    assert reasons(a_click(1), delivered_at=None) == [PERSON]
    assert reasons(a_click(1), delivered_at=T0) == [TOO_SOON]


SIGNALS = st.lists(
    st.builds(
        lambda second, link, ip, agent, opens: (second, link, ip, agent, opens),
        st.integers(0, 1500),
        st.integers(1, 4),
        st.sampled_from(["192.0.2.1", "198.51.100.9", ""]),
        st.sampled_from([BROWSER, OTHER_PERSON, ""]),
        st.booleans(),
    ),
    max_size=12,
)


@given(SIGNALS, st.randoms(use_true_random=False))
def test_verdicts_do_not_depend_on_the_order(
    drawn: list[tuple[int, int, str, str, bool]], chance: random.Random
) -> None:
    signals = [
        a_click(
            number,
            second,
            link,
            ip=ip,
            user_agent=agent,
            kind=EventKind.OPEN if opens else EventKind.CLICK,
        )
        for number, (second, link, ip, agent, opens) in enumerate(drawn)
    ]
    shuffled = list(signals)
    chance.shuffle(shuffled)

    assert judge(signals, T0) == judge(shuffled, T0)

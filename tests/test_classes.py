"""管理区分: the rules as functions, and the run that applies them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from bot.class_accounts import class_accounts, list_mismatches
from bot.rules.classes import AccountFigures, classify, mismatch
from bot.rules.settings import ClassSettings
from bot.views.classes import why_text
from models import Account, ClassMove, Lead
from models.enums import CustomerClass, Language, Team
from tests.builders import T0, a_lead, a_salesperson, an_account, days

TODAY = date(2026, 11, 24)
STANDARD = ClassSettings()
A, B, C1, C2, D, E = CustomerClass


def an_account_with(value: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"value": value, "last_deal_on": TODAY, "trades_now": False} | fields


def classes_of(*accounts: dict[str, Any], rules: ClassSettings = STANDARD) -> list[CustomerClass]:
    figures = [AccountFigures(account_id=n, **fields) for n, fields in enumerate(accounts)]
    classed = classify(figures, rules, TODAY)
    return [classed[n].customer_class for n in range(len(accounts))]


def by_value(*values: int | None) -> list[CustomerClass]:
    return classes_of(*(an_account_with(value) for value in values))


def test_an_account_is_a_while_those_above_it_make_less_than_80_percent() -> None:
    assert by_value(60, 25, 10, 5) == [A, A, B, C2]


def test_an_account_right_at_80_and_95_percent_is_over_the_line() -> None:
    assert by_value(80, 15, 5) == [A, B, C2]


def test_one_giant_is_a_and_the_rest_is_not() -> None:
    assert by_value(1_000_000, 1, 1) == [A, C2, C2]


def test_losses_and_zero_are_c_and_take_no_share() -> None:
    assert by_value(100, 0, -500, None) == [A, C2, C2, C2]


def test_when_nobody_earns_anything_all_are_c() -> None:
    assert by_value(0, 0, None, -1) == [C2, C2, C2, C2]


def test_equal_values_on_the_line_share_a_class() -> None:
    assert by_value(70, 10, 10, 10) == [A, A, A, A]
    assert by_value(80, 10, 10) == [A, B, B]


@pytest.mark.parametrize(("ago", "expected"), [(0, A), (365, A), (366, D)])
def test_a_deal_counts_as_trade_for_365_days(ago: int, expected: CustomerClass) -> None:
    account = an_account_with(5, last_deal_on=TODAY - timedelta(days=ago))

    assert classes_of(account) == [expected]


def test_a_salesperson_who_trades_is_enough_without_any_deal() -> None:
    assert classes_of(an_account_with(5, last_deal_on=None, trades_now=True)) == [A]
    assert classes_of(an_account_with(5, last_deal_on=None)) == [E]


def test_those_who_do_not_trade_take_no_share() -> None:
    old = an_account_with(1_000_000, last_deal_on=date(2020, 1, 1))

    assert classes_of(old, an_account_with(80), an_account_with(20)) == [D, A, B]


@pytest.mark.parametrize("choice", [C1, C2])
def test_c1_or_c2_is_a_persons_decision(choice: CustomerClass) -> None:
    chosen = an_account_with(0, c_choice=choice)

    assert classes_of(an_account_with(10), chosen) == [A, choice]
    assert classes_of(an_account_with(10, c_choice=choice)) == [A]


def test_thresholds_and_the_year_are_settings() -> None:
    rules = ClassSettings(a_share=0.5, b_share=0.6, trade_days=10)
    old = an_account_with(5, last_deal_on=TODAY - timedelta(days=11))

    accounts = [an_account_with(50), an_account_with(40), an_account_with(10), old]

    assert classes_of(*accounts, rules=rules) == [A, B, C2, D]


@settings(max_examples=300)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "value": st.none() | st.integers(-3, 12),
                "last_deal_on": st.none()
                | st.integers(360, 370).map(lambda ago: TODAY - timedelta(days=ago)),
                "trades_now": st.booleans(),
                "c_choice": st.sampled_from([None, C1, C2]),
            }
        ),
        max_size=12,
    )
)
def test_the_classes_are_those_of_the_slow_and_obvious_way(accounts: list[dict[str, Any]]) -> None:
    assert classes_of(*accounts) == [slowly(account, accounts) for account in accounts]


def slowly(account: dict[str, Any], everyone: list[dict[str, Any]]) -> CustomerClass:
    def trades(each: dict[str, Any]) -> bool:
        return each["trades_now"] or (
            each["last_deal_on"] is not None and (TODAY - each["last_deal_on"]).days <= 365
        )

    if not trades(account):
        return D if account["last_deal_on"] else E
    values = [each["value"] or 0 for each in everyone if trades(each)]
    earning = [value for value in values if value > 0]
    own = account["value"] or 0
    if own > 0:
        above = sum(value for value in earning if value > own)
        if above * 100 < 80 * sum(earning):
            return A
        if above * 100 < 95 * sum(earning):
            return B
    return account["c_choice"] or C2


@pytest.mark.parametrize(
    ("customer_class", "team", "key"),
    [
        (A, None, "class.mismatch.no_owner"),
        (B, Team.INSIDE, "class.mismatch.needs_field"),
        (C1, None, "class.mismatch.no_owner"),
        (A, Team.FIELD, None),
        (C2, None, None),
        (C2, Team.INSIDE, None),
        (D, Team.FIELD, "class.mismatch.needs_inside"),
        (E, Team.FIELD, "class.mismatch.needs_inside"),
        (E, None, None),
    ],
)
def test_owners_must_fit_the_class(
    customer_class: CustomerClass, team: Team | None, key: str | None
) -> None:
    assert mismatch(customer_class, team, STANDARD) == key


def test_the_teams_of_c_are_settings() -> None:
    swapped = ClassSettings(c1_team=Team.INSIDE, c2_team=Team.FIELD)

    assert mismatch(C1, Team.INSIDE, swapped) is None
    assert mismatch(C2, Team.INSIDE, swapped) == "class.mismatch.needs_field"


def run(session: Session, rules: ClassSettings = STANDARD) -> Any:
    return class_accounts(session, rules, TODAY, T0)


def test_a_run_classes_accounts_and_their_leads_and_logs_moves_once(any_session: Session) -> None:
    session = any_session
    big = an_account(session, "大手", yearly_profit=95, last_deal_on=TODAY)
    small = an_account(session, "小", yearly_profit=5, last_deal_on=TODAY)
    an_account(session, "昔", last_deal_on=date(2020, 1, 1))
    lead = a_lead(session, account=big, customer_class=None)

    first = run(session)
    second = run(session)

    assert {name: count for name, count in first.counts.items() if count} == {A: 1, C2: 1, D: 1}
    assert [(line.name, line.before) for line in first.moves] == [
        ("大手", None),
        ("小", None),
        ("昔", None),
    ]
    assert second.moves == ()
    assert session.get_one(Lead, lead.id).customer_class is A
    assert session.get_one(Account, small.id).customer_class is C2
    assert len(session.exec(select(ClassMove)).all()) == 3


def test_a_move_is_logged_with_before_after_and_why(session: Session) -> None:
    account = an_account(session, last_deal_on=date(2020, 1, 1))
    run(session)
    session.get_one(Account, account.id).last_deal_on = TODAY
    session.get_one(Account, account.id).yearly_profit = 1_500
    session.flush()

    run(session)

    move = session.exec(select(ClassMove).order_by(ClassMove.id)).all()[-1]
    assert (move.before, move.after, move.moved_at) == (D, A, T0)
    assert why_text(move.why, Language.EN) == (
        "Trades now: 1,500 a year; the accounts above it make 0.0 % of the whole."
    )


def test_a_deal_won_by_phone_counts_as_a_deal(session: Session) -> None:
    account = an_account(session, last_deal_on=date(2020, 1, 1), won_on=TODAY, yearly_profit=1)

    run(session)

    assert session.get_one(Account, account.id).customer_class is A


def test_a_salesperson_who_left_trades_with_nobody(session: Session) -> None:
    here = a_salesperson(session, "Sato", team=Team.FIELD)
    left = a_salesperson(session, "Suzuki", team=Team.FIELD, active=False)
    an_account(session, "A", yearly_profit=1, trades_with_id=here.id)
    an_account(session, "B", yearly_profit=1, trades_with_id=left.id)

    assert [line.customer_class for line in run(session).accounts] == [A, E]


def test_the_basis_may_be_sales(session: Session) -> None:
    an_account(session, "A", yearly_profit=0, yearly_sales=100, last_deal_on=TODAY)

    assert run(session).counts[C2] == 1
    assert run(session, ClassSettings(by="sales")).counts[A] == 1


def test_leads_with_the_wrong_owner_are_named(session: Session) -> None:
    field = a_salesperson(session, "Tanaka", team=Team.FIELD)
    inside = a_salesperson(session, "Sato")
    left = a_salesperson(session, "Suzuki", team=Team.FIELD, active=False)
    big = an_account(session, "大手", yearly_profit=1, last_deal_on=TODAY)
    a_lead(session, "owned", account=big, owner=field)
    a_lead(session, "inside", account=big, owner=inside)
    a_lead(session, "left", account=big, owner=left)
    a_lead(session, "never", owner=field)

    report = replace(run(session), mismatches=tuple(list_mismatches(session, STANDARD)))
    document = report.as_json(Language.EN)

    assert [(each["name"], each["class"], each["owner"]) for each in document["mismatches"]] == [
        ("inside", "A", "Sato"),
        ("left", "A", None),
        ("never", "E", "Tanaka"),
    ]
    assert document["counts"]["A"] == 1
    assert set(document["accounts"][0]) == {"id", "name", "class", "before", "why"}


def test_ageing_alone_moves_an_account_to_d(session: Session) -> None:
    account = an_account(session, yearly_profit=1, last_deal_on=TODAY)
    run(session)

    class_accounts(session, STANDARD, TODAY + days(366), T0 + days(366))

    assert session.get_one(Account, account.id).customer_class is D

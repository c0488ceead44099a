"""管理区分: which class an account is in, and why in figures.

Group 1 trades now (a deal in the last year, or a salesperson who trades with it): A, B or C by
its share of the profit. Group 2 traded before: D. Group 3 never did: E.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from bot.rules.settings import ClassSettings
from models.enums import CustomerClass, Team

Share = tuple[int, int]  # a part and the whole
C_CHOICES = (CustomerClass.C1, CustomerClass.C2)


@dataclass(frozen=True)
class AccountFigures:
    """Everything the classes may look at."""

    account_id: int
    value: int | None  # yearly profit, or sales where the team classes by sales
    last_deal_on: date | None  # the later of the imported and the logged one
    trades_now: bool  # an active salesperson trades with it
    c_choice: CustomerClass | None = None  # a person's decision between C1 and C2


@dataclass(frozen=True)
class Why:
    """The reason for a class: a text key and its values."""

    key: str
    values: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True)
class Classed:
    customer_class: CustomerClass
    why: Why


def classify(
    accounts: Sequence[AccountFigures], settings: ClassSettings, today: date
) -> dict[int, Classed]:
    """The class of every account, by id. Looks at all of them at once: ABC is a share of all."""
    first_day = today - timedelta(days=settings.trade_days)
    trading = [account for account in accounts if _trades(account, first_day)]
    shares = shares_before(trading)
    a_line, b_line = Fraction(str(settings.a_share)), Fraction(str(settings.b_share))
    classed = {}
    for account in accounts:
        if account.account_id in shares:
            share = shares[account.account_id]
            classed[account.account_id] = _abc(account, share, a_line, b_line)
        else:
            classed[account.account_id] = _not_trading(account)
    return classed


def _trades(account: AccountFigures, first_day: date) -> bool:
    return account.trades_now or (
        account.last_deal_on is not None and account.last_deal_on >= first_day
    )


def shares_before(trading: Sequence[AccountFigures]) -> dict[int, Share | None]:
    """For each account the share of all profit made by those above it; None without profit.

    Equal values have the same accounts above them, so they get the same share.
    """
    earning = sorted(
        (account for account in trading if account.value and account.value > 0),
        key=lambda account: (-(account.value or 0), account.account_id),
    )
    total = sum(account.value or 0 for account in earning)
    shares: dict[int, Share | None] = {account.account_id: None for account in trading}
    above, tied, previous = 0, 0, None
    for account in earning:
        value = account.value or 0
        if value != previous:
            above, tied, previous = above + tied, 0, value
        tied += value
        shares[account.account_id] = above, total
    return shares


def _abc(
    account: AccountFigures, share: Share | None, a_line: Fraction, b_line: Fraction
) -> Classed:
    values: tuple[tuple[str, str | int], ...]
    if share is None:
        key, values = "class.why.no_profit", (("value", account.value or 0),)
    else:
        key, values = "class.why.share", (("value", account.value or 0), ("share", _percent(share)))
        if _below(share, a_line):
            return Classed(CustomerClass.A, Why(key, values))
        if _below(share, b_line):
            return Classed(CustomerClass.B, Why(key, values))
    if account.c_choice in C_CHOICES:
        return Classed(account.c_choice, Why(f"{key}_chosen", values))
    return Classed(CustomerClass.C2, Why(key, values))


def _not_trading(account: AccountFigures) -> Classed:
    if account.last_deal_on is None:
        return Classed(CustomerClass.E, Why("class.why.never"))
    on = account.last_deal_on.isoformat()
    return Classed(CustomerClass.D, Why("class.why.before", (("on", on),)))


def _below(share: Share, line: Fraction) -> bool:
    """Whole numbers only: 80 of 100 is not below 80 %, whatever a float would say."""
    part, whole = share
    return part * line.denominator < line.numerator * whole


def _percent(share: Share) -> str:
    """One digit behind the point, cut and not rounded, so that 79.96 is not shown as 80.0."""
    tenths = share[0] * 1000 // share[1]
    return f"{tenths // 10}.{tenths % 10}"


def team_of(customer_class: CustomerClass, settings: ClassSettings) -> Team:
    """Whose leads these are: A and B the field's, D and E inside sales', C as the team set it."""
    return {
        CustomerClass.A: Team.FIELD,
        CustomerClass.B: Team.FIELD,
        CustomerClass.C1: settings.c1_team,
        CustomerClass.C2: settings.c2_team,
    }.get(customer_class, Team.INSIDE)


def mismatch(
    customer_class: CustomerClass, owner_team: Team | None, settings: ClassSettings
) -> str | None:
    """The text key of what is wrong with a lead's owner (None = no active owner), or None.

    A lead of inside sales without an owner is no mismatch: dealing gives it one.
    """
    wanted = team_of(customer_class, settings)
    if owner_team is None:
        return "class.mismatch.no_owner" if wanted is Team.FIELD else None
    if owner_team is wanted:
        return None
    return "class.mismatch.needs_field" if wanted is Team.FIELD else "class.mismatch.needs_inside"

"""Leads without an owner are dealt fairly, stay where they are, and always the same way."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from bot.deal_leads import deal_leads
from bot.rules.dealing import deal
from bot.rules.settings import ClassSettings
from models import Lead, Salesperson
from models.enums import CustomerClass, Role, Team
from tests.builders import a_lead, a_salesperson, an_account

STANDARD = ClassSettings()
A, B, C1, C2, D, E = CustomerClass


@given(
    leads=st.lists(st.integers(1, 1000), unique=True, max_size=60),
    owned=st.dictionaries(st.integers(1, 20), st.integers(0, 40), min_size=1, max_size=8),
)
def test_every_lead_is_dealt_and_dealing_never_widens_a_gap(
    leads: list[int], owned: dict[int, int]
) -> None:
    dealt = deal(leads, owned)

    after = {person: count + list(dealt.values()).count(person) for person, count in owned.items()}
    assert sorted(dealt) == sorted(leads)
    assert set(dealt.values()) <= set(owned)
    lowest = min(after.values())
    for person, count in after.items():
        assert count <= lowest + 1 or count == owned[person]


@given(
    leads=st.lists(st.integers(1, 1000), unique=True, max_size=60),
    people=st.sets(st.integers(1, 20), min_size=1),
)
def test_from_nothing_no_two_people_differ_by_more_than_one(
    leads: list[int], people: set[int]
) -> None:
    dealt = list(deal(leads, dict.fromkeys(people, 0)).values())

    counts = [dealt.count(person) for person in people]
    assert max(counts) - min(counts) <= 1


def test_nobody_there_means_nothing_dealt() -> None:
    assert deal([1, 2], {}) == {}


def owners(session: Session) -> dict[str, str | None]:
    rows = session.exec(select(Lead.name, Salesperson.name).outerjoin(Salesperson)).all()
    return dict(rows)


def counts(session: Session, *people: Salesperson) -> list[int]:
    owned = session.exec(select(Lead.owner_id)).all()
    return [owned.count(person.id) for person in people]


def test_leads_of_inside_sales_are_dealt_among_its_active_reps(any_session: Session) -> None:
    session = any_session
    sato, suzuki = a_salesperson(session, "Sato"), a_salesperson(session, "Suzuki")
    a_salesperson(session, "Tanaka", team=Team.FIELD)
    a_salesperson(session, "Ito", role=Role.MARKETER)
    a_salesperson(session, "Kato", active=False)
    for number, customer_class in enumerate([C2, D, E, E, E]):
        a_lead(session, f"lead {number}", customer_class=customer_class)

    dealt = deal_leads(session, STANDARD)

    assert dealt == 5
    assert counts(session, sato, suzuki) == [3, 2]
    assert deal_leads(session, STANDARD) == 0


def test_each_class_is_spread_evenly(session: Session) -> None:
    people = [a_salesperson(session, name) for name in ("Sato", "Suzuki")]
    for number in range(8):
        a_lead(session, f"lead {number}", customer_class=C2 if number % 2 else E)

    deal_leads(session, STANDARD)

    for person in people:
        classes = session.exec(select(Lead.customer_class).where(Lead.owner_id == person.id)).all()
        assert (classes.count(C2), classes.count(E)) == (2, 2)


def test_owners_stay_and_new_leads_even_out_the_counts(session: Session) -> None:
    sato, suzuki = a_salesperson(session, "Sato"), a_salesperson(session, "Suzuki")
    for number in range(3):
        a_lead(session, f"old {number}", owner=sato)
    for number in range(4):
        a_lead(session, f"new {number}")

    deal_leads(session, STANDARD)

    assert counts(session, sato, suzuki) == [4, 3]
    assert all(owners(session)[f"old {number}"] == "Sato" for number in range(3))


def test_the_leads_of_someone_who_left_are_dealt_anew(session: Session) -> None:
    left = a_salesperson(session, "Sato", active=False)
    suzuki = a_salesperson(session, "Suzuki")
    lead = a_lead(session, owner=left, owner_chosen=True)

    deal_leads(session, STANDARD)

    lead = session.get_one(Lead, lead.id)
    assert (lead.owner_id, lead.owner_chosen) == (suzuki.id, False)


def test_field_leads_wait_for_a_person_unless_someone_trades_with_them(session: Session) -> None:
    a_salesperson(session, "Sato")
    tanaka = a_salesperson(session, "Tanaka", team=Team.FIELD)
    left = a_salesperson(session, "Kato", team=Team.FIELD, active=False)
    traded = an_account(session, "A", trades_with_id=tanaka.id, last_deal_on=date(2026, 1, 1))
    orphan = an_account(session, "B", trades_with_id=left.id)
    a_lead(session, "traded", account=traded, customer_class=A)
    a_lead(session, "orphan", account=orphan, customer_class=B)
    a_lead(session, "chosen", customer_class=C1)

    assert deal_leads(session, STANDARD) == 1
    assert owners(session) == {"traded": "Tanaka", "orphan": None, "chosen": None}


def test_the_settings_say_whose_c_is(session: Session) -> None:
    a_salesperson(session, "Sato")
    a_lead(session, "one", customer_class=C1)
    a_lead(session, "two", customer_class=C2)

    deal_leads(session, ClassSettings(c1_team=Team.INSIDE, c2_team=Team.FIELD))

    assert owners(session) == {"one": "Sato", "two": None}

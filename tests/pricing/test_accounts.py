"""Which project a sub account belongs to."""

from hypothesis import given
from hypothesis import strategies as st

from tallybook.legible import legible
from tallybook.pricing.accounts import SubAccount, assign_projects
from tallybook.pricing.books import ProjectRule


def account(connection: str, identity: str, name: str) -> SubAccount:
    return SubAccount(connection, "alpha", identity, name)


def projects(accounts: list[SubAccount], *rules: ProjectRule) -> list[str]:
    return [one.project for one in assign_projects(accounts, rules)]


def rule(connection: str, identity: str, project: str) -> ProjectRule:
    return ProjectRule(2, connection, identity, project, "4001", "Jana")


def test_an_own_rule_goes_before_the_connection_s_star() -> None:
    accounts = [account("a", "p1", "web"), account("a", "p2", "shop"), account("b", "p1", "web")]

    assert projects(accounts, rule("a", "*", "Rest"), rule("a", "p1", "Web")) == ["Web", "Rest", "web"]


def test_who_answers_comes_with_the_rule() -> None:
    [mapped, own] = assign_projects([account("a", "p1", ""), account("b", "p1", "")], [rule("a", "*", "Rest")])

    assert (mapped.cost_center, mapped.owner, mapped.is_mapped) == ("4001", "Jana", True)
    assert (own.cost_center, own.owner, own.is_mapped) == ("", "", False)


def test_an_unmapped_account_is_its_own_project_by_name_else_by_id() -> None:
    assert projects([account("a", "p1", "Web"), account("a", "p2", " ")]) == ["Web", "p2"]


def test_two_unmapped_accounts_of_one_name_stay_apart() -> None:
    accounts = [account("a", "p1", "Web"), account("b", "p1", "Web"), account("b", "p2", "Web")]

    assert projects(accounts) == ["Web (a)", "Web (b, p1)", "Web (b, p2)"]


def test_names_that_read_alike_on_paper_stay_apart() -> None:
    accounts = [account("a", "p1", "Web"), account("a", "p2", "W\x07eb"), account("a", "p3", "W\u202eeb")]

    assert [legible(one) for one in projects(accounts)] == ["Web (a, p1)", "Web (a, p2)", "Web (a, p3)"]
    assert projects([account("b", "p1", "Fin\x00ance")], rule("a", "p1", "Finance")) == ["Fin\x00ance (b)"]


def test_ids_that_read_alike_are_spelled_out() -> None:
    accounts = [account("a", "p\x07", ""), account("a", "p\x08", ""), account("a", "p\t", "p"), account("a", "p ", "")]

    assert len({legible(one) for one in projects(accounts)}) == 4


def test_nobody_joins_a_mapped_project_by_its_name() -> None:
    accounts = [account("a", "p1", "anything"), account("b", "p1", "Finance")]

    assert projects(accounts, rule("a", "p1", "Finance")) == ["Finance", "Finance (b)"]


def test_a_name_that_looks_like_a_longer_one_is_kept_apart_too() -> None:
    accounts = [account("a", "p1", "Web"), account("b", "p1", "Web"), account("c", "p1", "Web (a)")]

    assert projects(accounts) == ["Web (a, p1)", "Web (b)", "Web (a) (c)"]


def test_a_name_that_looks_like_the_longest_one_joins_nobody() -> None:
    accounts = [account("a", "1", "Web"), account("a", "2", "Web"), account("b", "1", "Web (a, 1)")]

    assert projects(accounts) == ["Web (a, 1, 3)", "Web (a, 2)", "Web (a, 1) (b)"]


def test_a_project_of_finance_that_looks_like_the_longest_form_is_joined_by_nobody() -> None:
    accounts = [account("a", "1", "Web"), account("b", "1", "x"), account("b", "2", "y"), account("b", "3", "z")]
    rules = [rule("b", str(number + 1), name) for number, name in enumerate(["Web", "Web (a)", "Web (a, 1)"])]

    assert projects(accounts, *rules) == ["Web (a, 1, 3)", "Web", "Web (a)", "Web (a, 1)"]


def test_an_id_cannot_be_written_so_that_it_reads_like_another_name_and_id() -> None:
    accounts = [account("a", "1) (b, 2", "Web"), account("b", "2", "Web (a, 1)")]
    taken = ["Web", "Web (a)", "Web (a, 1)", "Web (a, 1) (b)"]
    rules = [rule("c", str(number), name) for number, name in enumerate(taken)]

    assert projects(accounts, *rules) == ["Web (a, 1) %28b%2C 2)", "Web (a, 1) (b, 2)"]


IDS = st.sampled_from(["1", "2", "1, 3", "1) (b, 2"])
NAMES = st.recursive(
    st.sampled_from(["Web", "Shop", "", " "]),
    lambda names: st.builds(
        "{} ({})".format, names, st.builds(", ".join, st.lists(st.sampled_from(["a", "b", "1", "2", "3"]), max_size=3))
    ),
    max_leaves=3,
)
ACCOUNTS = st.dictionaries(st.tuples(st.sampled_from("abc"), IDS), NAMES)
RULES = st.dictionaries(st.tuples(st.sampled_from("abc"), IDS), NAMES.filter(str.strip), max_size=4)


@given(ACCOUNTS, RULES, st.randoms())
def test_nobody_who_is_not_mapped_shares_a_project_whatever_the_order(names, mapped, random) -> None:
    accounts = [account(connection, identity, name) for (connection, identity), name in names.items()]
    rules = [rule(connection, identity, project) for (connection, identity), project in mapped.items()]
    assigned = assign_projects(accounts, rules)
    own = [one.project for one in assigned if not one.is_mapped]
    shuffled = list(accounts)
    random.shuffle(shuffled)

    assert len(set(own)) == len(own)
    assert not set(own) & set(mapped.values())
    assert {one.account: one.project for one in assign_projects(shuffled, rules)} == {
        one.account: one.project for one in assigned
    }

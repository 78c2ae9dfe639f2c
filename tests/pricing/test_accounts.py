"""Which project a sub account belongs to."""

from hypothesis import given
from hypothesis import strategies as st

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


def test_nobody_joins_a_mapped_project_by_its_name() -> None:
    accounts = [account("a", "p1", "anything"), account("b", "p1", "Finance")]

    assert projects(accounts, rule("a", "p1", "Finance")) == ["Finance", "Finance (b)"]


def test_a_name_that_looks_like_a_longer_one_is_kept_apart_too() -> None:
    accounts = [account("a", "p1", "Web"), account("b", "p1", "Web"), account("c", "p1", "Web (a)")]

    assert projects(accounts) == ["Web (a, p1)", "Web (b)", "Web (a)"]


NAMES = st.sampled_from(["Web", "Shop", "", "Web (a)", "Web (b)"])
ACCOUNTS = st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from(["p1", "p2", "p3"])), NAMES)


@given(ACCOUNTS, st.randoms())
def test_unmapped_accounts_never_share_a_project_whatever_their_order(names, random) -> None:
    accounts = [account(connection, identity, name) for (connection, identity), name in names.items()]
    shuffled = list(accounts)
    random.shuffle(shuffled)

    assert len(set(projects(accounts))) == len(accounts)
    assert dict(zip(accounts, projects(accounts), strict=True)) == dict(zip(shuffled, projects(shuffled), strict=True))

"""Which project a sub account belongs to. What projects.csv does not map is its own project, under its own name."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tallybook.legible import legible, spelled_out
from tallybook.pricing.books import ANY_SUB_ACCOUNT, ProjectRule


@dataclass(frozen=True, slots=True)
class SubAccount:
    """A provider's own unit of account, as facts name it. `name` may be empty."""

    connection: str
    provider: str
    sub_account_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """A sub account with its project, and who answers for that."""

    account: SubAccount
    project: str
    cost_center: str
    owner: str
    is_mapped: bool


def assign_projects(accounts: Sequence[SubAccount], rules: Iterable[ProjectRule]) -> list[Assignment]:
    """The project of each sub account: its own rule, else its connection's `*`, else itself.

    Two unmapped sub accounts of one name stay two projects: each is called `name (connection)`, and
    `name (connection, id)` when that is not enough. A name that a rule already uses counts as taken, so nobody
    joins finance's project by calling a sub account like it. The result does not depend on the order. `accounts` hold
    each connection and id once.
    """
    listed = list(rules)
    by_key = {(rule.connection, rule.sub_account_id): rule for rule in listed if rule.label is None}
    found = [
        by_key.get((one.connection, one.sub_account_id)) or by_key.get((one.connection, ANY_SUB_ACCOUNT))
        for one in accounts
    ]
    taken = {legible(rule.project) for rule in listed}
    unmapped = [one for one, rule in zip(accounts, found, strict=True) if rule is None]
    names = _own_names(unmapped, taken=taken)
    return [
        Assignment(one, rule.project, rule.cost_center, rule.owner, is_mapped=True)
        if rule
        else Assignment(one, names[one], "", "", is_mapped=False)
        for one, rule in zip(accounts, found, strict=True)
    ]


def _own_names(accounts: Sequence[SubAccount], *, taken: set[str]) -> Mapping[SubAccount, str]:
    """A name for each account that reads like no other's and no rule's: who shares one takes the next longer.

    It ends, since names are chosen by third parties but the longest forms of two accounts always differ.
    """
    lengths = dict.fromkeys(accounts, 0)
    while True:
        names = {one: _own_name(one, length) for one, length in lengths.items()}
        uses = Counter(map(legible, names.values())) + Counter(taken)
        shared = [one for one, name in names.items() if uses[legible(name)] > 1]
        if not shared:
            return names
        for one in shared:
            lengths[one] += 1


def _own_name(one: SubAccount, length: int) -> str:
    """`Web`, `Web (connection)`, `Web (connection, id)`, `Web (connection, id, 3)`, and so on.

    From the third on, marks of the form itself and what nobody can read are escaped in the id, so that a name can be
    read in one way only.
    """
    name = one.name.strip() or one.sub_account_id.strip() or one.connection
    if length == 0:
        return name
    parts = [one.connection, spelled_out(one.sub_account_id, "%(,"), str(length)]
    return f"{name} ({', '.join(parts[:length])})"

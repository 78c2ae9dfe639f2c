from datetime import UTC, date, datetime

import pytest

from tallybook.sandbox.hours import hour_of, is_office_hour, make_calendar, month_hours
from tallybook.sandbox.truth import tell_truth
from tallybook.sandbox.world import World, WorldSize, make_world, with_hostile_names
from tallybook.sandbox.worlds import ocore, openscaler

EVENING = datetime(2026, 10, 3, 20, tzinfo=UTC)


def hour(text: str) -> int:
    return hour_of(datetime.fromisoformat(text).replace(tzinfo=UTC))


def test_the_same_recipe_makes_the_same_world(world: World) -> None:
    again = make_world(seed=1, months=3, until=date(2026, 11, 1), size=WorldSize(workloads=48))

    assert again == world


def test_another_seed_makes_other_identities(world: World) -> None:
    other = make_world(seed=2, months=3, until=date(2026, 11, 1), size=WorldSize(workloads=48))

    assert {one.uuid for one in other.nodeconductor.projects}.isdisjoint(
        one.uuid for one in world.nodeconductor.projects
    )


def test_history_is_the_whole_months_before_until_and_that_month() -> None:
    calendar = make_calendar(until=date(2026, 11, 20), months=3)

    assert calendar.months == ("2026-08", "2026-09", "2026-10", "2026-11")
    assert calendar.story_month == date(2026, 10, 1)


def test_a_world_without_a_whole_month_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        make_world(until=date(2026, 11, 1), months=0)


def test_a_month_is_half_open_hours() -> None:
    first, end = month_hours("2026-10")

    assert end - first == 744
    assert first == hour("2026-10-01T00:00")


@pytest.mark.parametrize("month", ["2026-13", "2026", "2026-1", "", "2026-10-01", "../../e"])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text comes from the standard library
        month_hours(month)


def test_office_hours_are_weekdays_from_seven_to_nineteen() -> None:
    assert is_office_hour(hour("2026-10-01T07:00"))  # a Thursday
    assert not is_office_hour(hour("2026-10-01T19:00"))
    assert not is_office_hour(hour("2026-10-03T12:00"))  # a Saturday


def test_the_story_has_the_promised_numbers_of_things(world: World) -> None:
    names = [machine.name for machine in world.openscaler.machines]
    iaas = world.nodeconductor

    assert (len(names), len(set(names))) == (6, 5)
    assert len(world.openscaler.vpc_ids) == 2
    assert (len(iaas.customers), len(iaas.projects), len(iaas.groups)) == (3, 8, 3)
    assert len(iaas.instances) == 22
    assert len(iaas.clouds) == 2
    assert len(world.syseleven.projects) == 2
    assert [one.archived for one in world.ocore.projects] == [False, False, False, False, True]
    assert len(world.scaleops.clusters) == 2


def test_one_project_is_in_two_groups(world: World) -> None:
    members = [project.uuid for group in world.nodeconductor.groups for project in group.projects]

    assert len(members) == len(set(members)) + 1


def test_one_machine_stops_and_starts(world: World) -> None:
    runner = next(one for one in world.openscaler.machines if one.office_hours_only)

    assert openscaler.state_of(runner, hour("2026-10-01T06:00")) == "stopped"
    assert openscaler.state_of(runner, hour("2026-10-01T07:00")) == "running"


def test_a_machine_does_not_exist_before_its_creation(world: World) -> None:
    new = next(one for one in world.openscaler.machines if one.vm_id == 19)

    assert openscaler.state_of(new, hour("2026-10-12T08:00")) is None
    assert openscaler.state_of(new, hour("2026-10-12T09:00")) == "running"


def test_a_spike_multiplies_the_instances_of_the_day(world: World) -> None:
    shop = world.ocore.projects[1]

    quiet = ocore.hour_row(world.ocore, shop, hour("2026-10-05T12:00"))
    spike = ocore.hour_row(world.ocore, shop, hour("2026-10-06T12:00"))

    assert quiet is not None
    assert spike is not None
    assert (quiet.instance_count, spike.instance_count) == (2, 8)


def test_hostile_names_stay_distinct_and_leave_the_figures_alone(world: World) -> None:
    hostile = with_hostile_names(world)

    def total(one: World) -> object:
        return tell_truth(one, "2026-10", now=EVENING, restates=False)["totals"]

    assert len({one.name for one in hostile.nodeconductor.projects}) == 8
    assert len({(one.cluster, one.namespace, one.name) for one in hostile.scaleops.workloads}) == 48
    assert {one.name for one in hostile.ocore.projects}.isdisjoint(one.name for one in world.ocore.projects)
    assert total(hostile) == total(world)

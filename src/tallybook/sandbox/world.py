"""The whole world: a recipe, and what is made from it. The same recipe gives the same bytes for ever."""

from dataclasses import dataclass, field, replace
from datetime import date

from tallybook.sandbox.hours import Calendar, make_calendar
from tallybook.sandbox.naming import make_hostile_namer, planned
from tallybook.sandbox.prices import Price, make_prices
from tallybook.sandbox.projects import ProjectRule, make_project_rules
from tallybook.sandbox.worlds import nodeconductor, ocore, openscaler, scaleops, syseleven


@dataclass(frozen=True, slots=True)
class WorldSize:
    """How large the part that can be large is: ScaleOps workloads over both clusters."""

    workloads: int = 480


@dataclass(frozen=True, slots=True)
class Recipe:
    """History of `months` whole months before the month of `until`, and that month."""

    seed: int
    months: int
    until: date
    size: WorldSize = field(default_factory=WorldSize)
    hostile_names: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """Five estates, their prices and the firm's projects."""

    recipe: Recipe
    calendar: Calendar
    openscaler: openscaler.OpenscalerEstate
    nodeconductor: nodeconductor.NodeconductorEstate
    syseleven: syseleven.SyselevenEstate
    ocore: ocore.OcoreEstate
    scaleops: scaleops.ScaleopsEstate
    prices: tuple[Price, ...]
    project_rules: tuple[ProjectRule, ...]


def make_world(
    *, seed: int = 1, months: int = 3, until: date, size: WorldSize | None = None, hostile_names: bool = False
) -> World:
    """The world of a seed, with its clock at the beginning of the day `until` (UTC).

    Raises:
        ValueError: fewer than one month of history.
    """
    return _build(Recipe(seed, months, until, size or WorldSize(), hostile_names))


def with_hostile_names(world: World) -> World:
    """The same world with every name replaced by one that tries to break its reader."""
    return _build(replace(world.recipe, hostile_names=True))


def _build(recipe: Recipe) -> World:
    calendar = make_calendar(until=recipe.until, months=recipe.months)
    name = make_hostile_namer() if recipe.hostile_names else planned
    seed = recipe.seed
    iaas = nodeconductor.make_estate(seed, calendar, name)
    hosting = ocore.make_estate(seed, calendar, name)
    clusters = scaleops.make_estate(seed, calendar, name, workload_count=recipe.size.workloads)
    return World(
        recipe=recipe,
        calendar=calendar,
        openscaler=openscaler.make_estate(calendar, name),
        nodeconductor=iaas,
        syseleven=syseleven.make_estate(calendar),
        ocore=hosting,
        scaleops=clusters,
        prices=make_prices(calendar),
        project_rules=make_project_rules(iaas, hosting, clusters),
    )

from datetime import date

import pytest

from tallybook.sandbox.world import World, WorldSize, make_world
from tests.sandbox.client import SandboxClient, make_client


@pytest.fixture(scope="session")
def world() -> World:
    """August to October 2026; the story month is October."""
    return make_world(seed=1, months=3, until=date(2026, 11, 1), size=WorldSize(workloads=48))


@pytest.fixture
def client(world: World) -> SandboxClient:
    return make_client(world)

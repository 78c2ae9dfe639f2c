"""Folder names from hostile names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybook.documents.slugs import assign_slugs

SAFE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Web", "web"),
        ("Grüne Wiese", "grune-wiese"),
        ("Straße 7", "strasse-7"),
        ("prod/shop", "prod-shop"),
        ("<b>bold</b>", "b-bold-b"),
        ("a" * 300, "a" * 60),
        ("Shop (alpha-main)", "shop-alpha-main"),
    ],
)
def test_a_name_becomes_a_slug(name: str, slug: str) -> None:
    assert assign_slugs([name]) == {name: slug}


@pytest.mark.parametrize("name", ["", "..", "../..", "日本", "con", "NUL", "\u202e\x00", "🙂"])
def test_a_name_without_a_safe_one_gets_its_hash(name: str) -> None:
    slug = assign_slugs([name])[name]

    assert SAFE.fullmatch(slug)
    assert re.search(r"-[0-9a-f]{10}$", slug)


def test_names_that_collide_all_get_their_hash_and_depend_on_no_order() -> None:
    names = ["Web", "web", "WEB!", "Shop"]
    slugs = assign_slugs(names)

    assert slugs == assign_slugs(reversed(names))
    assert slugs["Shop"] == "shop"
    assert len(set(slugs.values())) == 4
    assert all(slugs[name].startswith("web-") for name in ("Web", "web", "WEB!"))


def test_a_name_that_looks_like_a_hashed_slug_collides_with_nothing() -> None:
    hashed = assign_slugs(["Web", "web"])["Web"]
    slugs = assign_slugs(["Web", "web", hashed])

    assert slugs[hashed] == hashed
    assert len(set(slugs.values())) == 3


@given(st.lists(st.text(max_size=80)))
def test_slugs_are_safe_and_unique(names: list[str]) -> None:
    slugs = assign_slugs(names)

    assert set(slugs) == set(names)
    assert len(set(slugs.values())) == len(slugs)
    assert all(SAFE.fullmatch(slug) and len(slug) <= 60 for slug in slugs.values())

"""Labels that pricing makes, in words of a language."""

import pytest

from tallybook.documents.words import adjustment_words, allocation_words
from tallybook.language import ENGLISH, language_of

GERMAN = language_of("de")


@pytest.mark.parametrize(
    ("label", "german"),
    [
        ("10 % discount", "10 % Rabatt"),
        ("12.5 % markup", "12,5 % Aufschlag"),
        ("19 % tax", "19 % Steuer"),
        ("100 % credit", "100 % Gutschrift"),
        ("discount", "Rabatt"),
        ("markup", "Aufschlag"),
        ("tax", "Steuer"),
        ("credit", "Gutschrift"),
        ("10 % of nothing known", "10 % of nothing known"),
    ],
)
def test_an_adjustment_is_called_by_its_kind(label: str, german: str) -> None:
    assert adjustment_words(label, language=GERMAN) == german
    assert adjustment_words(label, language=ENGLISH) == label


@pytest.mark.parametrize(
    ("label", "german"),
    [
        ("share of platform", "Anteil an platform"),
        ("spread by share of 5 %(x)s", "umgelegt durch share of 5 %(x)s"),  # the rule's name stays as written
        ("else", "else"),
    ],
)
def test_what_a_rule_spread_is_called_by_the_rule(label: str, german: str) -> None:
    assert allocation_words(label, language=GERMAN) == german
    assert allocation_words(label, language=ENGLISH) == label

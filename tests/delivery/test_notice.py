"""What a delivery says: the published figures as they are, and names that stay one line of text."""

from typing import Any

import pytest

from tallybook.delivery.notice import make_notice
from tallybook.language import language_of
from tests.delivery.conftest import HOSTILE, report, total


def lines(document: dict[str, Any]) -> list[str]:
    return list(make_notice(document).lines)


def test_a_notice_says_status_total_change_coverage_and_exceptions() -> None:
    notice = make_notice(report(total("EUR", "1234.5", "34.5", "2.9"), total("JPY", "12000", "-800", "-6.3")))

    assert notice.subject == "Cloud costs October 2026: FINAL, r01, Example Works GmbH"
    assert notice.lines == (
        "Status: FINAL, revision 1",
        "Total: 1,234.50 EUR, +34.50 EUR (+2.9%) against September 2026",
        "Total: 12,000 JPY, -800 JPY (-6.3%) against September 2026",
        "Seen: 100.0% of the month",
        "Open exceptions: none",
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            total("EUR", "10", "2", "25", is_lower_bound=True, change_bound="at_least", coverage_pct="93.4"),
            "Total: at least 10.00 EUR, at least +2.00 EUR (+25.0%) against September 2026",
        ),
        (
            total("EUR", "10", "-2", "-16.7", change_bound="at_most"),
            "Total: 10.00 EUR, at most -2.00 EUR (-16.7%) against September 2026",
        ),
        (
            total("EUR", "10", "2", "25", is_lower_bound=True, change_bound="open"),
            "Total: at least 10.00 EUR, change against September 2026 not known",
        ),
        (total("EUR", "10", None, None), "Total: 10.00 EUR, change against September 2026 not known"),
        (total("EUR", "10", "10", None), "Total: 10.00 EUR, +10.00 EUR against September 2026"),
        (total("EUR", None, None, None), "Total: not known in EUR, change against September 2026 not known"),
    ],
)
def test_a_figure_is_as_certain_as_in_the_report(row: dict[str, Any], said: str) -> None:
    assert said in lines(report(row))


def test_coverage_is_that_of_the_least_seen_and_never_made_up() -> None:
    seen = [total("EUR", "1", None, None, coverage_pct=pct) for pct in ("99.5", None, "7")]

    assert "Seen: 7.0% of the month by the least seen connection" in lines(report(*seen))
    assert "Seen: not known" in lines(report(seen[1]))


def test_exceptions_are_counted_and_the_first_five_are_told() -> None:
    told = lines(report(exceptions=tuple(f"Gap {n}." for n in range(7))))

    assert told[-7:] == ["Open exceptions: 7", *(f"- Gap {n}." for n in range(5)), "- and 2 more, in the report"]


def test_a_month_without_costs_has_no_total() -> None:
    document = {**report(), "totals": []}

    assert "Total: not known" in lines(document)


def test_a_report_of_the_first_form_can_be_told() -> None:
    document = report()
    del document["exceptions"], document["totals"][0]["change_bound"], document["totals"][0]["is_lower_bound"]

    assert "Total: 1,234.50 EUR, +34.50 EUR (+2.9%) against September 2026" in lines(document)


def test_hostile_names_stay_a_line_of_text_each() -> None:
    notice = make_notice(report(entity=HOSTILE * 9, reasons=[HOSTILE], exceptions=(HOSTILE,)))

    assert all(line.isprintable() and len(line) <= 302 for line in (notice.entity, *notice.lines))
    assert "\u202e" not in notice.subject
    assert len(notice.entity) == 300
    assert HOSTILE not in notice.headline


def test_a_test_says_so_first() -> None:
    notice = make_notice(report(), is_test=True)

    assert notice.subject.startswith("[TEST] Cloud costs October 2026")
    assert notice.lines[0].startswith("This is a test of the delivery")


NARROW = "\N{NO-BREAK SPACE}"


def test_a_notice_speaks_the_language_of_the_report() -> None:
    document = report(
        total("EUR", "1234.5", "34.5", "2.9", is_lower_bound=True, change_bound="at_least", coverage_pct="93.4"),
        total("USD", "10", "-2", "-16.7", change_bound="at_most"),
        total("JPY", "12000", "-800", None),
        total("CHF", None, None, None),
        status="RESTATED",
        revision=2,
        billing_period="2027-01",
        exceptions=("ocore-main usage lacks 6 hours.",) * 6,
    )
    quoted = {"reasons": ["Berichtigt r01: neue Rechnung"], "exceptions": ["Es fehlen 6 Stunden."] * 6}

    notice = make_notice(document, language=language_of("de"), quoted=quoted)

    assert notice.subject == "Cloud-Kosten Januar 2027: BERICHTIGT, r02, Example Works GmbH"
    assert notice.lines == (
        "Status: BERICHTIGT, Revision 2",
        "- Berichtigt r01: neue Rechnung",
        f"Summe: mindestens 1.234,50 EUR, mindestens +34,50 EUR (+2,9{NARROW}%) gegenüber Dezember 2026",
        f"Summe: 10,00 USD, höchstens -2,00 USD (-16,7{NARROW}%) gegenüber Dezember 2026",
        "Summe: 12.000 JPY, -800 JPY gegenüber Dezember 2026",
        "Summe: in CHF nicht bekannt, Veränderung gegenüber Dezember 2026 nicht bekannt",
        f"Erfasst: 93,4{NARROW}% des Monats bei der am wenigsten erfassten Verbindung",
        "Offene Punkte: 6",
        *["- Es fehlen 6 Stunden."] * 5,
        "- und 1 weitere im Bericht",
    )


def test_what_was_not_kept_in_the_language_is_quoted_in_english() -> None:
    document = {**report(exceptions=("Gap.",)), "totals": []}

    notice = make_notice(document, language=language_of("de"), is_test=True)

    assert notice.subject.startswith("[TEST] Cloud-Kosten Oktober 2026")
    assert notice.lines == (
        "Dies ist ein Test der Zustellung: Er wurde von Hand ausgelöst und zählt nicht als zugestellt.",
        "Status: ENDGÜLTIG, Revision 1",
        "Summe: nicht bekannt",
        "Erfasst: nicht bekannt",
        "Offene Punkte: 1",
        "- Gap.",
    )
    assert "Offene Punkte: keine" in make_notice(report(), language=language_of("de")).lines

"""Languages: every message is translated, with its own places, and nothing stale is kept."""

import html
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from babel.messages.catalog import Catalog, Message

from tallybook.documents.values import Figure
from tallybook.errors import ConfigurationError
from tallybook.language import ENGLISH, Language, known_languages, language_of
from tallybook.periods import BillingPeriod
from tallybook.render import catalogs, filters
from tallybook.render.html import render_library, render_notice, render_report, render_statement
from tests.render import samples

CODES = [code for code in known_languages() if code != "en"]
GERMAN = language_of("de")
NARROW = "\N{NO-BREAK SPACE}"


@pytest.fixture(scope="module")
def messages() -> Catalog:
    return catalogs.all_messages()


def keys(catalog: Catalog) -> set[object]:
    return {(message.context, message.id) for message in catalog if message.id}


def forms(message: Message) -> list[tuple[str, str]]:
    """Each form of a message beside its translation."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return [(message.id[-1], str(form)) for form in message.string]


def places(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|%%|<[^>]+>|&\w+;", text))


@pytest.mark.parametrize("code", CODES)
def test_a_catalog_has_every_message_and_no_stale_one(messages: Catalog, code: str) -> None:
    catalog = catalogs.read_catalog(code)

    # python -m tallybook.render.catalogs adds what is missing and drops what is stale
    assert keys(messages) - keys(catalog) == set()
    assert keys(catalog) - keys(messages) == set()
    assert catalog.obsolete == {}


@pytest.mark.parametrize("code", CODES)
def test_every_message_is_translated_and_none_is_fuzzy(code: str) -> None:
    catalog = catalogs.read_catalog(code)

    assert [m.id for m in catalog if m.id and (m.fuzzy or not all(form for _, form in forms(m)))] == []


@pytest.mark.parametrize("code", CODES)
def test_translations_have_the_places_and_the_markup_of_their_message(code: str) -> None:
    pairs = [pair for m in catalogs.read_catalog(code) if m.id for pair in forms(m)]

    assert len(pairs) > 500
    assert [pair for pair in pairs if places(pair[0]) != places(pair[1])] == []
    assert [pair for pair in pairs if '"' in pair[1]] == []  # messages stand in attributes too


def test_an_unknown_language_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="no language 'xx'; known: en, de"):
        language_of("xx")


def test_english_needs_no_catalog() -> None:
    assert ENGLISH.say("%(month)s cost %(now)s, the same as %(before)s.", month="A", now="B", before="C") == (
        "A cost B, the same as C."
    )
    assert language_of("en") is ENGLISH


@pytest.mark.parametrize(
    ("language", "month", "day", "long_day", "minute"),
    [
        (ENGLISH, "March 2026", "2026-03-05", "5 March 2026", "2026-03-05 07:09"),
        (GERMAN, "März 2026", "05.03.2026", "5. März 2026", "05.03.2026 07:09"),
    ],
)
def test_dates(language: Language, month: str, day: str, long_day: str, minute: str) -> None:
    assert language.month(BillingPeriod(2026, 3)) == month
    assert language.day(date(2026, 3, 5)) == day
    assert language.long_day(date(2026, 3, 5)) == long_day
    assert language.minute(datetime(2026, 3, 5, 7, 9, 59, tzinfo=UTC)) == minute


def test_german_numbers_have_a_decimal_comma_grouping_dots_and_a_real_minus() -> None:
    debt = Figure(Decimal("-1234567.891"), Decimal("-1234567.89"))

    assert filters.money(debt, "EUR", language=GERMAN) == f"\N{MINUS SIGN}1.234.567,89{NARROW}EUR"
    assert "\N{MINUS SIGN}1.234.567,89" in filters.signed(debt, "EUR", language=GERMAN)
    assert filters.percent(Decimal("93.4"), language=GERMAN) == f"93,4{NARROW}%"
    assert filters.signed_pct(Decimal("-4.25"), language=GERMAN) == f"\N{MINUS SIGN}4,25{NARROW}%"
    assert filters.exactly(Decimal("0.045"), language=GERMAN) == "0,045"
    assert filters.exact(debt) == "-1234567.891"  # machines and sorting read dots


def test_german_plurals() -> None:
    said = [GERMAN.many("%(count)s day", "%(count)s days", count) for count in (1, 2, 1200)]

    assert said == ["1 Tag", "2 Tage", "1.200 Tage"]


def test_a_word_can_mean_something_of_its_own_in_its_place() -> None:
    assert GERMAN.say_in("sheet", "Control") == "Abstimmung"
    assert GERMAN.say("control") == "Kontrolle"


def test_names_within_messages_stay_text() -> None:
    hostile = "<script>alert(1)</script>\"'\u202e%(month)s {{ 7 * 7 }} %s &amp;"

    page = render_statement(replace(samples.statement(), project=hostile), language=GERMAN)

    description = re.search(r'<meta name="description" content="([^"]*)">', page)
    assert description is not None
    shown = hostile.replace("\u202e", "\N{REPLACEMENT CHARACTER}")
    assert html.unescape(description[1]).startswith(f"Was das Projekt {shown} im Monat")
    assert "<script>alert" not in page


def test_a_german_page_has_no_english_label_left() -> None:
    """Headings, captions and columns of the fullest sample: each differs from the English one or is the same word."""
    english, german = (
        re.findall(r"<(?:h[1-4]|th scope=\"col\"[^>]*|caption[^>]*|dt|summary)>([^<]+)<", page)
        for page in (render_report(samples.full_report(), language=one) for one in (ENGLISH, GERMAN))
    )
    same = {word for word, other in zip(english, german, strict=True) if word == other and "-main" not in word}

    assert same <= SAME, same - SAME


def texts(page: str) -> list[str]:
    """What a page shows, piece by piece."""
    body = re.sub(r"<(style|script).*?</\1>", "", page[page.index("<body>") :], flags=re.DOTALL)
    return [html.unescape(text).strip() for text in re.findall(r">([^<]+)<", body) if text.strip()]


def test_the_library_speaks_the_language() -> None:
    """Every piece of the fullest library differs from the English one, or is no word of ours."""
    page = render_library(samples.library(), language=GERMAN)
    english, german = texts(render_library(samples.library())), texts(page)
    same = {word for word, other in zip(english, german, strict=True) if word == other and re.search(r"[a-z]{2}", word)}

    assert same <= SAME_IN_THE_LIBRARY, same - SAME_IN_THE_LIBRARY
    assert '<html lang="de">' in page
    assert "<title>Cloud-Kostenberichte, Example Works GmbH</title>" in page
    assert f"3 Monate, Stand 02.11.2026 06:00{NARROW}UTC" in german
    assert "151.020,10" in german
    assert f"98,7{NARROW}%" in german
    assert "2 frühere Revisionen" in german
    assert 'data-value="151020.1"' in page
    assert 'download="cloud-costs-2026-09-r03-restated.pdf"' in page  # files are named alike everywhere


def test_a_library_without_months_and_one_with_one_speak_it_too() -> None:
    library = samples.library()
    one, none = (render_library(replace(library, months=library.months[:n]), language=GERMAN) for n in (1, 0))

    assert "1 Monat, Stand" in one
    assert "1 frühere Revision<" in one
    assert "Noch wurde kein Bericht veröffentlicht. Erstellen mit: tallybook run --month last" in texts(none)


def test_the_form_that_asks_for_the_token_speaks_it() -> None:
    page = render_notice("Nicht gefunden", "Text", asks_for_token=True, link="x", language=GERMAN)

    assert '<html lang="de">' in page
    assert {"Anmelden", "Alle Berichte"} <= set(texts(page))


SAME_IN_THE_LIBRARY = {
    *(
        "Example Works GmbH",
        "closed",
        "closed by finance",
        "ScaleOps restated the cost of 2026-09-28",
    ),  # people's words
    *("October 2026", "September 2026", "August 2026"),  # the sample's own labels
    *("Status", "Status:", "Revision", "openscaler-lab"),
    *("atlas", "charges", "projects", "workloads"),  # names of files
    "Parquet",
}
# The same in both languages, or not a word of ours.
SAME = {
    *(
        "Status",
        "Region",
        "Workloads",
        "Workload",
        "Budget",
        "Namespace",
        "Cluster",
        "Showback",
        "In %",
        "In EUR",
        "EUR",
        "USD",
    ),
    *("October 2026", "September 2026"),  # the sample's own labels
}

import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tallybook.documents.model import DailyPoint, TrendPoint
from tallybook.documents.values import Figure
from tallybook.render import charts, drawing, month_charts
from tests.render import samples

SVG = "{http://www.w3.org/2000/svg}"
REPORT = samples.full_report()


def titles(chart: drawing.Chart) -> list[str]:
    return [element.text or "" for element in ET.fromstring(chart.svg).iter(f"{SVG}title")]  # noqa: S314 - our own drawing


def fills(chart: drawing.Chart) -> list[str]:
    return [element.get("fill", "") for element in ET.fromstring(chart.svg).iter(f"{SVG}path")]  # noqa: S314 - our own drawing


def test_a_chart_holds_one_currency_only() -> None:
    chart = charts.project_chart(REPORT.projects, "USD")

    assert chart is not None
    assert all(title.endswith("USD") for title in titles(chart))
    assert chart.title == "Cost by project and connection, USD"


def test_each_bar_says_its_shown_figure() -> None:
    points = [
        TrendPoint(f"2026-{m:02d}", "EUR", samples.fig(f"{m}000.006"), is_complete=True, budget=Figure(None, None))
        for m in (8, 9)
    ]

    chart = month_charts.trend_chart(points, "EUR")

    assert chart is not None
    assert titles(chart) == ["2026-08: 8,000.01\N{NO-BREAK SPACE}EUR", "2026-09: 9,000.01\N{NO-BREAK SPACE}EUR"]


def test_a_month_seen_in_part_is_hatched_and_says_so() -> None:
    points = [
        TrendPoint("2026-09", "EUR", samples.fig("10"), is_complete=True, budget=Figure(None, None)),
        TrendPoint("2026-10", "EUR", samples.fig("12"), is_complete=False, budget=Figure(None, None)),
    ]

    chart = month_charts.trend_chart(points, "EUR")

    assert chart is not None
    assert fills(chart).count("url(#trend-eur-hatch)") == 1
    assert "at least" in titles(chart)[1]


def test_a_month_that_is_not_known_has_a_place_and_no_bar() -> None:
    points = [
        TrendPoint("2026-08", "EUR", Figure(None, None), is_complete=False, budget=Figure(None, None)),
        TrendPoint("2026-09", "EUR", samples.fig("10"), is_complete=True, budget=Figure(None, None)),
        TrendPoint("2026-10", "EUR", samples.fig("12"), is_complete=True, budget=Figure(None, None)),
    ]

    chart = month_charts.trend_chart(points, "EUR")

    assert chart is not None
    assert ">Aug<" in chart.svg
    assert len(titles(chart)) == 2


def test_without_figures_there_is_no_chart() -> None:
    unknown = DailyPoint(date(2026, 10, 1), "a", "A", "EUR", Figure(None, None), is_lower_bound=False)

    assert charts.daily_chart([unknown], "EUR") is None
    assert charts.project_chart([], "EUR") is None
    assert (
        month_charts.trend_chart(
            [TrendPoint("2026-10", "EUR", samples.fig("1"), is_complete=True, budget=Figure(None, None))], "EUR"
        )
        is None
    )


def test_more_connections_than_colours_share_one_named_rest() -> None:
    day = date(2026, 10, 1)
    points = [
        DailyPoint(day, f"connection-{n}", "A", "EUR", samples.fig(str(100 - n)), is_lower_bound=False)
        for n in range(8)
    ]

    chart = charts.daily_chart(points, "EUR")

    assert chart is not None
    assert fills(chart).count(drawing.REST_COLOUR) == 4  # three bars and the legend
    assert "other connections" in chart.svg


def test_the_chart_shows_the_dearest_projects_and_says_how_many() -> None:
    chart = charts.project_chart(REPORT.projects, "EUR")

    assert chart is not None
    assert "12 dearest of 20" in chart.alternative


def test_hostile_names_stay_text_in_a_chart() -> None:
    rows = samples.hostile_report().projects

    chart = charts.project_chart(rows, "EUR")

    assert chart is not None
    names = {element.tag for element in ET.fromstring(chart.svg).iter()}  # noqa: S314 - our own drawing
    assert names <= {f"{SVG}{n}" for n in ("svg", "g", "path", "line", "text", "title")}
    assert "\u202e" not in chart.svg


def test_ids_of_two_charts_on_a_page_differ() -> None:
    def identifiers(currency: str) -> set[str]:
        points = [replace(p, is_complete=False) for p in REPORT.trend]
        chart = month_charts.trend_chart(points, currency)
        assert chart is not None
        return {e.get("id", "") for e in ET.fromstring(chart.svg).iter() if e.get("id")}  # noqa: S314 - our own drawing

    assert identifiers("EUR")
    assert identifiers("EUR").isdisjoint(identifiers("USD"))


def test_negative_costs_are_drawn() -> None:
    points = [
        TrendPoint("2026-09", "EUR", samples.fig("10"), is_complete=True, budget=Figure(None, None)),
        TrendPoint("2026-10", "EUR", samples.fig("-3.5"), is_complete=True, budget=Figure(None, None)),
    ]

    chart = month_charts.trend_chart(points, "EUR")

    assert chart is not None
    assert titles(chart)[1] == "2026-10: \N{MINUS SIGN}3.50\N{NO-BREAK SPACE}EUR"


def test_the_palette_differs_in_lightness_between_neighbours() -> None:
    def lightness(colour: str) -> Decimal:
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return Decimal(2126 * red + 7152 * green + 722 * blue) / 10_000

    neighbours = zip(drawing.PALETTE, drawing.PALETTE[1:], strict=False)

    assert all(abs(lightness(a) - lightness(b)) > 25 for a, b in neighbours)


def test_importing_the_renderers_loads_no_heavy_library() -> None:
    heavy = "{'weasyprint', 'altair', 'vl_convert', 'xlsxwriter', 'pikepdf', 'jinja2'}"
    modules = "html, pdf, json, csv, xlsx, charts, schema"
    code = f"import sys; from tallybook.render import {modules}; print(sorted({heavy} & set(sys.modules)))"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"

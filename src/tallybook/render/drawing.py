"""What all charts share: colours, axes, the words of a mark, and the way from a specification to an SVG.

Charts draw shown figures and add nothing to them; floats occur here alone, as lengths of bars.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybook.documents.values import Figure
from tallybook.language import ENGLISH, Language
from tallybook.render.filters import money
from tallybook.render.svg import finished
from tallybook.render.text import visible

# In this order: neighbours differ in lightness as much as in hue, so that the segments stay apart in
# greyscale and for colour-blind eyes. screen.css names the same values for the dark page.
PALETTE = ("#1f3b5c", "#e0a030", "#2f8580", "#a9cde3", "#a3452f", "#8a8f96")
REST_COLOUR = "#c9ced4"
INK, MUTED, GRID, PAPER = "#16202a", "#566270", "#dfe4e8", "#ffffff"
WIDTH = 672  # CSS pixels between the margins of an A4 page


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with the words that stand for it. `svg` fits both into a page and into an image."""

    id: str
    title: str
    alternative: str
    svg: str


def words_of(
    name: str, value: Decimal | None, currency: str, *, is_lower_bound: bool, language: Language = ENGLISH
) -> str:
    """What a mark stands for: `Web, alpha-main: at least 12.00 EUR`."""
    return f"{visible(name)}: {told(value, currency, is_lower_bound=is_lower_bound, language=language)}"


def told(value: Decimal | None, currency: str, *, is_lower_bound: bool, language: Language) -> str:
    """An amount in words: `at least 12.00 EUR`."""
    text = money(Figure(value, value), currency, language=language).unescape()
    return language.say("at least %(amount)s", amount=text) if is_lower_bound else text


def amount_axis(language: Language = ENGLISH) -> Any:
    """The axis of amounts, from zero and with short labels: `20k` in English, all digits where k is not usual."""
    alt = altair_module()
    return alt.Axis(
        format="~s" if language.is_english else ",~f",
        labelExpr="datum.value === 0 ? '0' : datum.label",
        tickCount=5,
        domain=False,
        ticks=False,
        labelPadding=6,
    )


def picture(identifier: str, spec: Any, *, title: str, alternative: str, language: Language = ENGLISH) -> Chart:
    """A drawn chart with its words; `identifier` tells its names from those of other charts of the page."""
    made = _configured(spec).to_dict()
    return Chart(identifier, title, alternative, finished(_drawn(made, language), prefix=identifier))


def _configured(chart: Any) -> Any:
    axis = {"labelColor": MUTED, "gridColor": GRID, "domainColor": MUTED, "labelFontSize": 10}
    return (
        chart.configure(font="Inter, 'Inter Ext', 'DejaVu Sans', sans-serif", background="transparent", padding=4)
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_bar(color=PALETTE[0])
        .configure_legend(labelColor=INK, labelFontSize=10, symbolSize=90, columns=4, labelLimit=140, offset=8)
    )


def altair_module() -> Any:
    """The library, untyped: its generated signatures refuse arguments given by name and value."""
    import altair

    return altair


def _drawn(spec: Mapping[str, Any], language: Language) -> str:
    import vl_convert

    alt = altair_module()
    version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    drawn: str = vl_convert.vegalite_to_svg(
        dict(spec), vl_version=version, allowed_base_urls=[], format_locale=_marks(language)
    )
    return drawn


def _marks(language: Language) -> dict[str, Any]:
    """The marks of numbers on an axis, as Vega takes them."""
    group, decimal = language.digits(","), language.digits(".")
    return {"decimal": decimal, "thousands": group, "grouping": [3], "currency": ["", ""], "minus": "\N{MINUS SIGN}"}

"""The template environment: autoescaped, strict about names, and fed only from our own folder."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from tallybook import resources
from tallybook.language import ENGLISH, Language
from tallybook.render import filters
from tallybook.render.text import visible

if TYPE_CHECKING:
    from jinja2 import Environment

# What each subset of Inter has, and no more: WeasyPrint prints a box for what a range claims and the font lacks,
# and takes the next font of the stack for everything else.
_LATIN = (
    "U+0000-00AC,U+00AE-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+2002,U+2009,U+200B,U+2013-2014,"
    "U+2018-201A,U+201C-201E,U+2022,U+2026,U+2032-2033,U+2039-203A,U+2044,U+20AC,U+2122,U+2191,U+2193,U+2212"
)
_LATIN_EXT = (
    "U+0100-0130,U+0132-0148,U+014A-0151,U+0154-01C3,U+01C5-0254,U+0256-027B,U+027E-0284,U+0286-0290,U+0292-02A4,"
    "U+02A6-02BA,U+1E00-1E9B,U+1E9D-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20AF,U+20B1-20B5,U+20B8-20BA,"
    "U+20BC-20BF,U+2113,U+2C7C,U+2C7F,U+A7FF"
)
# Two family names: WeasyPrint takes fonts of one name and weight for the same and mixes their glyphs up.
_SUBSETS = (("Inter", "latin", _LATIN), ("Inter Ext", "latin-ext", _LATIN_EXT))
_WEIGHTS = (400, 600, 700)


@cache
def environment(language: Language = ENGLISH) -> "Environment":
    """The environment of all templates in a language. Undefined names are errors, every value is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(resources.root() / "reports" / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_finalise,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(filters.functions(language))
    made.globals.update(_messages(language))
    return made


def _messages(language: Language) -> dict[str, Callable[..., Markup]]:
    """The functions that templates say messages with, by the names that Babel looks for; values are escaped."""

    def gettext(text: str, **values: object) -> Markup:
        return _said(language.messages.gettext(text), values)

    def pgettext(context: str, text: str, **values: object) -> Markup:
        return _said(language.messages.pgettext(context, text), values)

    def ngettext(one: str, several: str, count: int, **values: object) -> Markup:
        form = language.messages.ngettext(one, several, count)
        return _said(form, {"count": language.digits(f"{count:,}"), **values})

    return {"_": gettext, "pgettext": pgettext, "ngettext": ngettext}


def _said(text: str, values: Mapping[str, object]) -> Markup:
    return Markup(text) % {name: _finalise(value) for name, value in values.items()}  # noqa: S704 - our own catalogs


def static_folder() -> Path:
    """Style sheets, scripts and fonts: the only files a rendering may read."""
    return resources.root() / "reports" / "static"


@cache
def screen_styles() -> Markup:
    """The styles of a page, fonts inside; also those for printing it from a browser."""
    printed = f"@media print {{\n{_css('print')}}}\n"
    return _markup([_fonts(_inlined), _css("tokens"), _css("base"), _css("screen"), printed])


@cache
def paper_styles() -> str:
    """The styles of a PDF. Fonts are files: unpacked ones, since unpacking them takes a second each time."""
    return "".join([_fonts(_file), _css("tokens"), _css("base"), _css("print"), _css("pages")])


@cache
def script() -> Markup:
    """The page's one script. It only adds: the page works without it."""
    return _markup([(static_folder() / "js" / "report.js").read_text(encoding="utf-8")])


@cache
def content_policy(*, form_action: str = "'none'") -> str:
    """What a page may load: nothing but itself. The one script is named by its hash. `form_action` takes its forms."""
    digest = base64.b64encode(hashlib.sha256(str(script()).encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        f"font-src data:; img-src data:; base-uri 'none'; form-action {form_action}"
    )


def _finalise(value: object) -> object:
    return visible(value) if type(value) is str else value


def _css(name: str) -> str:
    return (static_folder() / "css" / f"{name}.css").read_text(encoding="utf-8")


def _fonts(source: Callable[[str], str]) -> str:
    return "".join(
        f"@font-face {{ font-family: '{family}'; font-weight: {weight}; font-style: normal; "
        f"src: {source(f'inter-{subset}-{weight}-normal')}; unicode-range: {ranges}; }}\n"
        for weight in _WEIGHTS
        for family, subset, ranges in _SUBSETS
    )


def _inlined(name: str) -> str:
    packed = (static_folder() / "fonts" / f"{name}.woff2").read_bytes()
    return f"url(data:font/woff2;base64,{base64.b64encode(packed).decode()}) format('woff2')"


def _file(name: str) -> str:
    address = (static_folder() / "fonts" / f"{name}.ttf").resolve().as_uri()
    return f"url('{address}') format('truetype')"


def _markup(parts: list[str]) -> Markup:
    return Markup("".join(parts))  # noqa: S704 - our own files, no data in them

"""HTML pages: each one file, with its styles, fonts, charts and script inside, asking nobody anything."""

import base64
from functools import partial

from markupsafe import Markup

from tallybook.documents.model import MonthlyReport
from tallybook.documents.pages import Library, ProjectStatement
from tallybook.documents.projects import TOP_PROJECTS
from tallybook.language import ENGLISH, Language
from tallybook.render import environment, shelves, views
from tallybook.render.drawing import Chart
from tallybook.render.month_charts import bridge_chart
from tallybook.render.sections import SECTIONS
from tallybook.render.text import spelled


def render_report(report: MonthlyReport, *, for_print: bool = False, language: Language = ENGLISH) -> str:
    """The monthly report as a page in the language that its sentences have.

    `for_print` gives the form `render_pdf` takes, without script.

    Links to statements are relative to the report's folder and are left out on paper.
    """
    blocks = views.currency_blocks(report, language)
    return _page(
        "monthly-report.html.j2",
        for_print=for_print,
        language=language,
        page_title=page_title(report),
        report=report,
        header=report.header,
        sections=SECTIONS,
        bridge_chart=partial(
            bridge_chart, before=report.header.previous_label, now=report.header.period_label, language=language
        ),
        blocks=blocks,
        tie_lines=[block.tie_line for block in blocks if block.tie_line],
        exceptions=views.exception_blocks(report.exceptions, language),
        remarks=views.remarks(report, language),
        unknown_projects=views.unknown_projects(report),
        unknown_providers=views.unknown_providers(report),
        has_lower_bounds=views.has_lower_bounds(report),
    )


def render_statement(statement: ProjectStatement, *, for_print: bool = False, language: Language = ENGLISH) -> str:
    """The statement of one project as a page; `for_print` and `language` as with `render_report`."""
    return _page(
        "statement.html.j2",
        for_print=for_print,
        language=language,
        page_title=page_title(statement),
        statement=statement,
        header=statement.header,
        blocks=views.statement_blocks(statement),
        exceptions=views.exception_blocks(statement.exceptions, language),
        has_lower_bounds=views.has_lower_bounds(statement),
    )


def page_title(document: MonthlyReport | ProjectStatement) -> str:
    """What a window, a tab and a PDF are called: the document, its project, its month, and whose it is."""
    header = document.header
    project = [document.project] if isinstance(document, ProjectStatement) else []
    return ", ".join([header.title, *project, header.period_label, header.entity])


def render_library(library: Library, *, language: Language = ENGLISH) -> str:
    """The page that leads to every report, in the language of its months' labels; its links are relative to itself."""
    return _page(
        "library.html.j2",
        for_print=False,
        language=language,
        library=library,
        currencies=shelves.currencies(library),
        month_cells=shelves.month_cells,
        shelf=partial(shelves.shelf, language=language),
    )


def render_notice(
    title: str, text: str, *, asks_for_token: bool = False, link: str = "", language: Language = ENGLISH
) -> str:
    """A page of the library's server: a sentence, and the form that asks for the token or a link to the library.

    `title` and `text` are in the language of the rest.
    """
    return _page(
        "notice.html.j2",
        for_print=False,
        language=language,
        form_action="'self'" if asks_for_token else "'none'",
        title=title,
        text=text,
        asks_for_token=asks_for_token,
        link=link,
    )


def _page(
    template: str, *, for_print: bool, language: Language = ENGLISH, form_action: str = "'none'", **context: object
) -> str:
    page = environment.environment(language).get_template(template)
    made = page.render(
        for_print=for_print,
        language=language,
        stylesheet=environment.screen_styles(),
        script=environment.script(),
        content_policy=environment.content_policy(form_action=form_action),
        gap_dates=views.gap_dates,
        kept=partial(views.kept, for_print=for_print),
        top_projects=TOP_PROJECTS,
        chart_image=_chart_image,
        chart_inline=_chart_inline,
        **context,
    )
    return spelled(made) if for_print else made


def _chart_inline(chart: Chart) -> Markup:
    return Markup(chart.svg)  # noqa: S704 - serialised from an XML tree, names in it are escaped


def _chart_image(chart: Chart) -> str:
    """The chart as an address for an image: WeasyPrint takes the styles of inlined SVG for the page's."""
    return "data:image/svg+xml;base64," + base64.b64encode(spelled(chart.svg).encode()).decode()

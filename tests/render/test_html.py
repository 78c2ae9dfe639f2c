import base64
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from tallybook.documents.model import MonthlyReport, ProjectTotal
from tallybook.documents.pages import Library, LibraryTotal
from tallybook.documents.values import Bound
from tallybook.render import html, views
from tests.render import goldens, samples


class Page(HTMLParser):
    """Elements, addresses, text and ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"style", "script"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and tag == self._inside[-1]:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def full() -> Page:
    return Page(html.render_report(samples.full_report()))


@pytest.fixture(scope="module")
def hostile() -> Page:
    return Page(html.render_report(samples.hostile_report()))


@pytest.mark.parametrize("name", goldens.PAGES)
def test_small_documents_look_as_accepted(name: str) -> None:
    expected = (goldens.FOLDER / name).read_text(encoding="utf-8")

    assert goldens.golden(name) == expected, "look at it, then: python -m tests.render.goldens"


def test_the_same_report_gives_the_same_page() -> None:
    assert html.render_report(samples.full_report()) == html.render_report(samples.full_report())


def test_windows_tell_apart_months_and_projects() -> None:
    report, statement = samples.small_report(), samples.statement()
    entity = report.header.entity

    assert html.page_title(report) == f"Monthly cloud cost report, October 2026, {entity}"
    assert html.page_title(statement) == f"{statement.header.title}, {statement.project}, October 2026, {entity}"
    assert f"<title>{html.page_title(report)}</title>" in html.render_report(report)


def test_a_page_loads_nothing_but_itself(full: Page) -> None:
    addresses = [
        value or ""
        for _, attributes in full.elements
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "data", "action", "poster", "xlink:href"}
    ]

    assert addresses
    assert all(re.match(r"#|projects/[a-z-]+/statement\.html$", address) for address in addresses)
    assert not full.all("link")
    assert not full.all("iframe")


def test_styles_load_fonts_from_inside_the_page_only() -> None:
    page = html.render_report(samples.small_report())

    assert set(re.findall(r"url\((.{10})", page)) == {"data:font/"}
    assert "@import" not in page


def test_the_policy_names_the_one_script_and_allows_no_other(full: Page) -> None:
    policy = next(m["content"] for m in full.all("meta") if "http-equiv" in m)

    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert policy.count("sha256-") == 1
    assert len(full.all("script")) == 1


def test_the_first_screen_tells_the_month(full: Page) -> None:
    front = full.text[: full.text.index("Contents")]

    for words in (
        "Monthly cloud cost report",
        "Example Works GmbH",
        "1 October 2026 00:00 up to, not including, 1 November 2026 00:00 UTC",
        "DRAFT",
        "Revision 2",
        "128,823.64",
        "35,874.79",
        "September 2026",
        "+6,254.93",
        "+5.1%",
        "150,000.00",
        "98.7%",
        "Ties out.",
        "openscaler-lab (OpenScaler) was never seen in October 2026",
        "differs from the provider's own sum by 2.11 USD",
        "quotas are full",
        "The largest rise was platform at oCore",
    ):
        assert words in front, words


def test_every_table_has_a_caption_and_scoped_headers(full: Page) -> None:
    assert len(full.all("table")) == len(full.all("caption"))
    assert all(th.get("scope") in {"col", "row"} for th in full.all("th"))


def test_ids_are_unique_and_links_within_the_page_lead_somewhere(full: Page) -> None:
    identifiers = [a["id"] for _, a in full.elements if a.get("id")]
    targets = {a["href"] for a in full.all("a") if (a["href"] or "").startswith("#")}

    assert len(identifiers) == len(set(identifiers))
    assert {f"#{i}" for i in identifiers} >= targets


def test_hostile_names_stay_text(hostile: Page) -> None:
    assert {tag for tag, _ in hostile.elements} >= {"table", "h1"}
    assert len(hostile.all("script")) == 1
    assert not hostile.all("img")
    assert not [name for _, a in hostile.elements for name in a if name.startswith("on")]
    assert "<script>alert(1)</script>" in hostile.text
    assert "{{ 7 * 7 }}" in hostile.text
    assert "49" not in re.findall(r"\b49\b", hostile.text[:500])


def test_characters_that_hide_or_reorder_are_shown_as_replacements() -> None:
    page = html.render_report(samples.hostile_report())

    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page)
    assert "\ufffdgnp.exe\ufffd" in page


def test_a_slug_cannot_leave_its_folder() -> None:
    report = samples.small_report()
    row = replace(report.projects[0], slug='"><b>../..')

    page = Page(html.render_report(replace(report, projects=(row,))))

    assert not page.all("b")


def test_what_is_empty_is_a_sentence_and_not_an_empty_table() -> None:
    report = samples.small_report()
    empty = replace(report, totals=(), tie_out=(), providers=(), projects=(), trend=(), summary=())

    page = Page(html.render_report(empty))

    assert not page.all("table")
    for sentence in (
        "No cost is known for this month.",
        "No connection has a cost in this month.",
        "No project has a cost in this month.",
        "No provider reported workloads for this month.",
        "No provider reported quotas for this month.",
        "There are no gaps.",
        "All usage has a price.",
        "There is no cost to tie out.",
    ):
        assert sentence in page.text, sentence


def test_a_lower_bound_is_marked_at_the_figure_and_explained() -> None:
    report = samples.small_report()
    seen_in_part = replace(report, totals=(samples.total("EUR", "12.346", "10.00", coverage_pct=Decimal("97.0")),))

    whole, part = (Page(html.render_report(r)).text for r in (report, seen_in_part))

    marked = re.sub("\N{THIN SPACE}", "", part)
    assert "≥ at least 12.35" in marked
    assert "Change ≥ at least ↑ +2.35" in marked.replace("\N{NO-BREAK SPACE}", " ")
    assert "the real cost may be higher" in part
    assert "≥ at least" not in whole


def test_a_tie_out_that_fails_says_so_first() -> None:
    report = samples.small_report()
    broken = replace(report.tie_out[0], difference=Decimal("0.000000000001"), holds=False)

    text = Page(html.render_report(replace(report, tie_out=(broken,)))).text

    assert "Does not tie out." in text
    assert "difference 0.000000000001" in text


def test_the_parts_of_the_tie_out_add_up_as_shown() -> None:
    thirds = tuple(Decimal(n) for n in ("0.333", "0.333", "0.334", "0"))
    row = replace(samples.small_report().tie_out[0], source_total=Decimal(1))
    line = views.tie_line(replace(row, allocated=thirds[0], shared=thirds[1], idle=thirds[2], unallocated=thirds[3]))

    shown = [part.shown for part in (line.allocated, line.shared, line.idle, line.unallocated)]

    assert shown == [Decimal("0.33"), Decimal("0.33"), Decimal("0.34"), Decimal("0.00")]


def test_on_paper_there_is_no_script_and_no_link_out() -> None:
    page = Page(html.render_report(samples.full_report(), for_print=True))

    assert not page.all("script")
    assert all((a["href"] or "").startswith("#") for a in page.all("a"))
    assert all(image.get("alt") for image in page.all("img"))


def test_a_statement_leads_back_to_the_month() -> None:
    page = Page(html.render_statement(samples.statement()))

    assert {"href": "../../monthly-report.html"} in page.all("a")
    assert "It is not an invoice." in page.text


def test_usage_without_a_price_has_no_cost_in_a_statement() -> None:
    text = Page(html.render_statement(samples.statement())).text

    assert "Usage without a price" in text
    assert "no price" in text


def test_the_library_offers_downloads_under_telling_names() -> None:
    page = Page(html.render_library(samples.library()))

    names = {a["href"]: a["download"] for a in page.all("a") if "download" in a}

    assert names["2026-08/r01/monthly-report.pdf"] == "cloud-costs-2026-08-r01-final.pdf"
    assert names["2026-09/r03/monthly-report.xlsx"] == "cloud-costs-2026-09-r03-restated.xlsx"
    assert names["2026-10/r01/tables/charges.parquet"] == "cloud-costs-2026-10-r01-draft-charges.parquet"
    assert names["2026-10/r02/projects/atlas/statement.pdf"] == "cloud-costs-2026-10-r02-draft-atlas-statement.pdf"


def test_the_library_leads_to_every_file_but_the_statements_of_earlier_revisions() -> None:
    library = samples.library()
    links = {a["href"] for a in Page(html.render_library(library)).all("a")}

    for month in library.months:
        for revision in month.revisions:
            missing = {path for path in revision.files if f"{revision.folder}/{path}" not in links}
            is_newest = revision == month.revisions[0]
            assert missing == (set() if is_newest else {f for f in revision.files if f.startswith("projects/")})


def test_the_library_leads_to_what_a_revision_has_only_at_times() -> None:
    library = samples.library()
    revision = replace(library.months[2].revisions[0], files=("delta.json", "notice.json"))
    page = Page(html.render_library(replace(library, months=(replace(library.months[2], revisions=(revision,)),))))

    assert {"2026-08/r01/delta.json", "2026-08/r01/notice.json"} <= {a["href"] for a in page.all("a")}


def test_the_library_begins_with_a_sortable_table_of_months() -> None:
    library = samples.library()
    dollars, unknown = LibraryTotal("USD", Decimal("9.50"), is_lower_bound=False), LibraryTotal(
        "EUR", None, is_lower_bound=True
    )  # fmt: skip
    august = replace(library.months[2].revisions[0], totals=(unknown,), coverage_pct=None)
    september = replace(library.months[1].revisions[0], totals=(dollars,))
    months = (library.months[0], *(
        replace(month, revisions=(revision,))
        for month, revision in zip(library.months[1:], (september, august), strict=True)
    ))  # fmt: skip
    page = html.render_library(replace(library, months=months))
    table = page[page.index("<table") : page.index("</table>")]
    rows = [re.findall(r'data-value="([^"]*)"', row) for row in table.split("<tr>")[2:]]

    assert 'class="sortable"' in table
    assert [[row[0], row[1], *row[3:6]] for row in rows] == [
        ["2026-10", "DRAFT", "151020.1", "47953.37", "98.7"],
        ["2026-09", "RESTATED", "", "9.5", "100"],  # nothing cost euros in September
        ["2026-08", "FINAL", "", "", ""],  # what August cost is not known, which is said
    ]
    assert table.count("not known") == 2


def test_hostile_words_in_the_library_stay_text() -> None:
    library = samples.library()
    bad = '"><script>alert(1)</script>{{ 7 * 7 }}'
    revision = replace(library.months[2].revisions[0], reason=bad, never_seen=(bad,), files=(f"tables/{bad}.csv",))
    month = replace(library.months[2], revisions=(revision,))
    page = Page(html.render_library(replace(library, entity=bad, months=(month,))))

    assert len(page.all("script")) == 1
    assert page.text.count("{{ 7 * 7 }}") >= 4
    assert "2026-08/r01/tables/%22%3E%3Cscript%3Ealert%281%29%3C/script%3E%7B%7B%207%20%2A%207%20%7D%7D.csv" in {
        a["href"] for a in page.all("a")
    }


def test_a_notice_lets_its_form_post_to_itself_and_nowhere_else() -> None:
    asking = Page(html.render_notice("Reports", "Sign in.", asks_for_token=True))
    telling = Page(html.render_notice("Not found", "No <b> file.", link="../index.html"))
    policies = [[m["content"] or "" for m in page.all("meta") if "http-equiv" in m] for page in (asking, telling)]

    assert asking.all("form") == [{"method": "post"}]
    assert [policy[0].rpartition("; ")[2] for policy in policies] == ["form-action 'self'", "form-action 'none'"]
    assert "No <b> file." in telling.text
    assert not telling.all("form")


def test_an_empty_library_says_how_to_fill_it() -> None:
    empty = Library(entity="Example", generated_at=samples.NOW, months=())

    assert "tallybook run --month last" in Page(html.render_library(empty)).text


def test_two_currencies_never_share_a_table() -> None:
    report = samples.full_report()

    blocks = views.currency_blocks(report)

    assert [block.currency for block in blocks] == ["EUR", "USD"]
    assert all(
        row.billing_currency == block.currency
        for block in blocks
        for row in (
            *block.providers,
            *block.workloads,
            *(row for group in (*block.projects, *block.pricing) for row in group.rows),
        )
    )


def test_a_day_without_a_figure_is_not_known() -> None:
    report: MonthlyReport = samples.full_report()
    points = [p for p in report.daily if p.billing_currency == "EUR"][1:]

    (table,) = views.day_tables(points)

    first_day, figures = table.rows[0]
    assert first_day.isoformat() == "2026-10-01"
    assert figures[0] == (samples.NONE, False)
    assert all(figure.shown is not None for figure, _ in figures[1:])


def test_open_exceptions_stand_before_the_totals_the_gravest_first(full: Page) -> None:
    places = [
        full.text.index(words)
        for words in (
            *("Open exceptions", "Never seen", "Does not add up", "Data gap", "No price", "Not mapped"),
            *("Priced with examples", "Total EUR, at least"),
        )
    ]

    assert places == sorted(places)


def test_many_exceptions_of_a_kind_are_counted() -> None:
    report = samples.full_report()
    many = tuple(replace(report.exceptions[0], text=f"gap {n}.") for n in range(9))

    (block,) = views.exception_blocks(many)

    assert (block.texts, block.more) == (tuple(f"gap {n}." for n in range(6)), 3)


def test_a_change_of_lower_bounds_is_marked_for_what_is_certain() -> None:
    report = samples.small_report()
    for bound, words in ((Bound.AT_MOST, "≤ at most"), (Bound.OPEN, "~ of what was seen")):
        row = replace(report.providers[0], previous_is_lower_bound=True, change_bound=bound)
        text = Page(html.render_report(replace(report, providers=(row,)))).text
        # no arrow: which way it went is not certain
        assert f"{words} +2.35" in re.sub("\N{THIN SPACE}", "", text).replace("\N{NO-BREAK SPACE}", " ")


def test_the_first_page_tells_a_lower_bound_below_its_budget_as_the_comparisons_do() -> None:
    report = samples.small_report()
    budget = {"budget": samples.fig("20"), "budget_variance": samples.fig("-7.654")}
    whole, part = (
        Page(
            html.render_report(
                replace(report, totals=(samples.total("EUR", "12.346", "10", coverage_pct=Decimal(seen), **budget),))
            )
        ).text
        for seen in ("100.0", "99.0")
    )

    assert "7.65 under" in whole
    # no arrow: whether it is under is not certain; 7.654 is the most that it can be
    told = part.replace("\N{THIN SPACE}", " ").replace("\N{MINUS SIGN}", "-")
    assert "Against budget ≥ at least -7.65 at most this far under, or over" in told


def test_a_project_with_several_rows_has_its_sum_and_an_unmapped_one_its_mark(full: Page) -> None:
    assert "subtotal" in {row.get("class") for row in full.all("tr")}
    assert "edge-cache * (not in projects.csv)" in full.text
    assert "* Not in projects.csv: a sub account" in full.text


def test_names_break_where_it_does_not_hurt() -> None:
    report = samples.full_report()
    quota = replace(report.quotas[0], sub_account_name="0123456789abcdef" * 2, resource="object.storage")

    page = html.render_report(replace(report, quotas=(quota,)))

    assert f"<bdi>{'<span>01234567</span><span>89abcdef</span>' * 2}</bdi>" in page
    assert "object.<wbr>storage" in page


def test_a_connection_without_a_known_cost_has_a_row() -> None:
    report = samples.small_report()
    lost = replace(
        report.providers[0],
        connection="alpha-lab",
        billing_currency="",
        effective_cost=samples.NONE,
        coverage_pct=Decimal("0.0"),
        is_lower_bound=True,
    )

    text = Page(html.render_report(replace(report, providers=(*report.providers, lost)))).text

    assert "alpha-lab Alpha Cloud not known, in no total 0.0%" in text


def test_an_example_price_says_so_in_the_list_of_prices(full: Page) -> None:
    assert "Example price example: replace by the price of your contract" in full.text


def test_the_library_says_what_is_a_lower_bound_and_what_was_never_seen() -> None:
    text = re.sub("\N{THIN SPACE}", "", Page(html.render_library(samples.library())).text)

    assert "Total EUR, at least ≥ at least 151,020.10" in text
    assert "Total USD 47,953.37" in text
    assert "Never seen, in no total openscaler-lab" in text


def test_emoji_are_spelled_on_paper_and_stay_on_screen() -> None:
    report = samples.small_report()
    row = replace(report.projects[0], project="🦊 den 👩\u200d💻 ❤\ufe0f")
    changed = replace(report, projects=(row,))
    paper = html.render_report(changed, for_print=True)
    drawing = base64.b64decode(re.findall("base64,([A-Za-z0-9+/=]+)", paper)[0]).decode()

    assert "🦊" in html.render_report(changed)
    assert "U+1F98A den U+1F469 U+200D U+1F4BB" in paper
    assert "U+1F98A den" in drawing
    assert not re.search("[\U0001f000-\U0001faff]", paper + drawing)


def test_a_closed_month_that_changed_says_what_and_why_with_figures_that_add_up() -> None:
    report = replace(samples.small_report(), restatement=samples.restatement())
    page = Page(html.render_report(report))

    assert "What changed since revision 1" in page.text
    assert "New data: ↑ +12.34 ; Changed price: ↓ −2.00" in page.text  # noqa: RUF001 - a minus sign
    assert page.text.count("Before and now, ") == 2
    assert "prices.csv changed" in page.text
    assert "What changed since" not in Page(html.render_report(samples.small_report())).text


def test_another_exchange_rate_stands_beside_the_one_of_then() -> None:
    text = Page(html.render_report(replace(samples.small_report(), restatement=samples.restatement()))).text

    assert "Other exchange rates than then" in text
    row = text[text.index("USD in EUR") :]
    assert [row.index(word) for word in ("0.9", "0.8", "6.30", "5.60")] == sorted(
        row.index(word) for word in ("0.9", "0.8", "6.30", "5.60")
    )


def test_a_restatement_without_changed_costs_says_so() -> None:
    nothing = replace(samples.restatement(), rows=(), changed_inputs=())
    text = Page(html.render_report(replace(samples.small_report(), restatement=nothing))).text

    assert "No cost changed." in text
    assert "All inputs are those of then." in text


def test_a_total_that_is_not_known_says_so_without_a_currency_and_ties_nothing_out() -> None:
    report = samples.small_report()
    unknown = replace(report.totals[0], effective_cost=samples.NONE, change=samples.NONE, is_lower_bound=True)
    text = Page(html.render_report(replace(report, totals=(unknown,)))).text

    assert "Total EUR not known" in text
    assert "Source total 12.35" not in text


def test_a_coverage_below_all_says_whose_it_is() -> None:
    report = samples.small_report()
    silent = replace(report.totals[0], coverage_pct=Decimal("0.0"))

    assert "0.0% at its least seen connection" in Page(html.render_report(replace(report, totals=(silent,)))).text
    assert "least seen connection" not in Page(html.render_report(report)).text.partition("Contents")[0]


def test_estimates_are_named_where_projects_and_connections_stand() -> None:
    report = samples.small_report()
    sampled = replace(
        report,
        providers=(replace(report.providers[0], basis=("sampled",)),),
        projects=(replace(report.projects[0], basis=("averaged", "sampled")),),
    )
    text = Page(html.render_report(sampled)).text

    assert "Alpha Cloud sampled" in text
    assert "alpha-main averaged, sampled" in text


def test_paper_has_the_dearest_projects_and_one_row_for_the_others() -> None:
    report = samples.small_report()
    one = report.projects[0]
    many = tuple(replace(one, project=f"project-{n:02d}", slug=f"project-{n:02d}") for n in range(33))
    certain = samples.certainty()
    costs = (samples.fig("3"), samples.fig("3"), samples.fig("0"))
    rest = ProjectTotal("", "EUR", *costs, None, Decimal("9.1"), **certain)
    full = replace(report, projects=many, other_projects=(rest,))
    paper, screen = Page(html.render_report(full, for_print=True)).text, Page(html.render_report(full)).text

    assert "project-29" in paper
    assert "project-30" not in paper.partition("By project and connection")[2]
    assert "3 more projects" in paper
    assert "project-32" in screen
    assert "more projects" not in screen


def test_a_price_says_what_it_holds_for() -> None:
    price = samples.full_report().prices[0]
    narrow = replace(price, connection="alpha-main", sub_account_id="p1", region="cbk")
    text = Page(html.render_report(replace(samples.small_report(), prices=(narrow, price)))).text

    assert "alpha-main , p1 , cbk" in text
    assert " any " in text

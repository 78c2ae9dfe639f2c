"""PDF/A-3a from our own HTML: tagged, archival, with the data attached, and no way to the network."""

import atexit
import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tallybook.errors import TallybookError
from tallybook.render.environment import paper_styles, static_folder
from tallybook.render.text import visible

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

PageSize = Literal["A4", "Letter"]
_VARIANT = "pdf/a-3a"


class RenderError(TallybookError):
    """A report could not be rendered; names what stands in the way."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the PDF: the same figures for machines. `created` is part of the PDF's bytes."""

    name: str
    content: bytes
    description: str
    media_type: str
    created: datetime
    relationship: Literal["Data", "Source", "Supplement", "Alternative"] = "Data"


def render_pdf(
    html: str,
    *,
    title: str,
    lang: str = "en",
    attachments: Sequence[Attachment] = (),
    page_size: PageSize = "A4",
) -> bytes:
    """A tagged PDF/A-3a of a page made `for_print`; the same arguments give the same bytes.

    Raises RenderError when the page asks for anything but `data:` addresses and our own static files.
    """
    from weasyprint.urls import FatalURLFetchingError

    # A name tree is sorted by definition.
    ordered = sorted(attachments, key=lambda item: item.name)
    try:
        document = _laid_out(html, page_size)
        document.metadata.title, document.metadata.lang = visible(title), lang
        document.metadata.attachments = [_attached(item) for item in ordered]
        return _written(document, ordered, _identifier(html, title, lang, page_size, ordered))
    except FatalURLFetchingError as refusal:
        raise RenderError(f"PDF {visible(title)}: {refusal}") from None


def _laid_out(html: str, page_size: PageSize) -> Any:
    from weasyprint import CSS, HTML

    fetcher = _own_files_only()
    fonts, styles = _paper()
    size = CSS(string=f"@page {{ size: {page_size} }}", font_config=fonts, url_fetcher=fetcher)
    return HTML(string=html, url_fetcher=fetcher).render(
        font_config=fonts, stylesheets=[styles, size], pdf_variant=_VARIANT
    )


def _written(document: Any, attachments: Sequence[Attachment], identifier: bytes) -> bytes:
    with warnings.catch_warnings():
        # WeasyPrint 70 leaves its own colour profile open when it writes PDF/A.
        warnings.filterwarnings("ignore", "unclosed file.*sRGB2014", ResourceWarning)
        made: bytes = document.write_pdf(
            finisher=lambda _, file: _finish(file, attachments),
            pdf_variant=_VARIANT,
            pdf_tags=True,
            pdf_identifier=identifier,
        )
    return made


@cache
def _paper() -> tuple["FontConfiguration", "CSS"]:
    """Fonts and styles of paper, read once in a process: they cost more than a statement's pages."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    atexit.register(_paper.cache_clear)  # fonts have a folder of files, which is not removed once modules are gone
    fonts = FontConfiguration()
    return fonts, CSS(string=paper_styles(), font_config=fonts, url_fetcher=_own_files_only())


def _own_files_only() -> "URLFetcher":
    """A fetcher for `data:` and the static folder; anything else ends the rendering."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    static = static_folder().resolve()

    def is_ours(url: str) -> bool:
        parts = urlsplit(url)
        is_local = parts.scheme == "file" and not parts.netloc
        return is_local and Path(url2pathname(parts.path)).resolve().is_relative_to(static)

    class OwnFilesOnly(URLFetcher):  # type: ignore[misc] # weasyprint ships no types
        def fetch(self, url: str, headers: object = None) -> Any:
            if url.startswith("data:") or is_ours(url):
                return super().fetch(url, headers)
            raise FatalURLFetchingError(f"the page asks for {url[:200]}, and may load nothing")

    return OwnFilesOnly(allowed_protocols=("data", "file"), allow_redirects=False)


def _attached(item: Attachment) -> object:
    from weasyprint import Attachment as PdfAttachment

    return PdfAttachment(
        string=item.content,
        name=item.name,
        description=item.description,
        created=item.created.astimezone(UTC),
        modified=item.created.astimezone(UTC),
        relationship=item.relationship,
        url_fetcher=_own_files_only(),
    )


def _finish(file: Any, attachments: Sequence[Attachment]) -> None:
    """Say in a `pydyf` file what WeasyPrint leaves out: media types, each file once, scopes, what is no content."""
    _mark_running_heads(file)
    for element in file.objects:
        if isinstance(element, dict) and element.get("S") == "/TH":
            group = _object(file, _object(file, element["P"])["P"])
            element["A"]["Scope"] = "/Column" if group["S"] == "/THead" else "/Row"
    if not attachments:
        return
    names = _object(file, file.catalog["Names"]["EmbeddedFiles"])["Names"]
    for reference, item in zip(names[1::2], attachments, strict=True):
        stream = _object(file, _object(file, reference)["EF"]["F"])
        stream.extra["Subtype"] = "/" + item.media_type.replace("/", "#2f").replace("+", "#2b")
    file.catalog["AF"][:] = dict.fromkeys(file.catalog["AF"])


def _mark_running_heads(file: Any) -> None:
    """Running heads and page numbers are artifacts: their marks lead to elements that are not in the structure tree."""
    tree = _object(file, file.catalog["StructTreeRoot"])
    numbers = _object(file, tree["ParentTree"])["Nums"]
    elements = dict(zip(numbers[::2], numbers[1::2], strict=True))
    told = _reachable(file, tree["K"])
    pages = (item for item in file.objects if isinstance(item, dict) and item.get("Type") == "/Page")
    for page in pages:
        drawn, owners = _object(file, page["Contents"]).stream, elements[page["StructParents"]]
        for at, item in enumerate(drawn):
            if isinstance(item, dict) and "MCID" in item and owners[item["MCID"]] not in told:
                owners[item["MCID"]] = "null"
                drawn[at - 1 : at + 2] = ["/Artifact", "", "BMC"]


def _reachable(file: Any, references: Sequence[object]) -> set[object]:
    """The elements of the structure tree."""
    found: set[object] = set()
    waiting = list(references)
    while waiting:
        reference = waiting.pop()
        if isinstance(reference, bytes):
            found.add(reference)
            below = _object(file, reference).get("K", ())
            waiting += below if isinstance(below, list) else [below]
    return found


def _object(file: Any, reference: bytes) -> Any:
    """The object a reference (`12 0 R`) points to."""
    return file.objects[int(reference.split()[0])]


def _identifier(html: str, *parts: object) -> bytes:
    digest = hashlib.sha256(html.encode("utf-8", errors="surrogatepass"))
    for part in parts:
        digest.update(repr(part).encode())
    return digest.hexdigest()[:32].encode()

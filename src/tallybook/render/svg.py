"""Drawn charts made fit for a page: hover texts, a hatch, unique names, and nothing superfluous."""

import xml.etree.ElementTree as ET

_SVG = "http://www.w3.org/2000/svg"
# The fill that stands for "hatched" until the pattern takes its place; Vega knows no patterns.
HATCHED = "#0a0b0c"
_HATCH_INK, _HATCH_PAPER = "#1f3b5c", "#e6ebf0"
_MARKS = {"bar", "rect mark", "tick"}
_DROPPED = ("role", "aria-roledescription", "aria-hidden", "aria-label", "class", "pointer-events")


def finished(drawn: str, *, prefix: str) -> str:
    """The SVG for inlining: marks say their figure when pointed at, names carry `prefix`.

    The picture as a whole is one image to a screen reader; its words stand beside it.
    """
    root = ET.fromstring(drawn)  # noqa: S314 - drawn by us; names in it are escaped values
    for element in list(root.iter()):
        _clean(element, prefix=prefix)
    if any(element.get("fill") == f"url(#{prefix}-hatch)" for element in root.iter()):
        root.insert(0, _hatch(f"{prefix}-hatch"))
    # Written with the default name space, which HTML needs; the prefix register is global state.
    text = ET.tostring(root, encoding="unicode", default_namespace=None)
    return text.replace("ns0:", "").replace("xmlns:ns0", "xmlns")


def _clean(element: ET.Element, *, prefix: str) -> None:
    words = element.get("aria-label")
    is_mark = element.get("aria-roledescription") in _MARKS
    for name in _DROPPED:
        element.attrib.pop(name, None)
    if is_mark and words:
        title = ET.Element(f"{{{_SVG}}}title")
        title.text = words
        element.insert(0, title)
    if element.get("fill") == HATCHED:
        element.set("fill", f"url(#{prefix}-hatch)")
        element.set("stroke", _HATCH_INK)
    for name in ("clip-path", "fill", "stroke"):
        value = element.get(name, "")
        if value.startswith("url(#") and not value.startswith(f"url(#{prefix}-"):
            element.set(name, value.replace("url(#", f"url(#{prefix}-"))
    if "id" in element.attrib:
        element.set("id", f"{prefix}-{element.get('id')}")


def _hatch(identifier: str) -> ET.Element:
    definitions = ET.Element(f"{{{_SVG}}}defs")
    pattern = ET.SubElement(
        definitions,
        f"{{{_SVG}}}pattern",
        {"id": identifier, "width": "6", "height": "6", "patternUnits": "userSpaceOnUse"},
    )
    ET.SubElement(pattern, f"{{{_SVG}}}rect", {"width": "6", "height": "6", "fill": _HATCH_PAPER})
    ET.SubElement(
        pattern,
        f"{{{_SVG}}}path",
        {
            "d": "M-1,1l2,-2M0,6l6,-6M5,7l2,-2",
            "stroke": _HATCH_INK,
            "stroke-width": "1.4",
            "fill": "none",
        },
    )
    return definitions

"""Names in the world: as planned, or replaced by hostile ones that a report must survive."""

from collections.abc import Callable
from itertools import count

Namer = Callable[[str], str]

# Each is a way in which a name has broken a report, a spreadsheet, a path, a log or a terminal.
HOSTILE_NAMES = (
    "<script>alert('x')</script>",
    '"><img src=x onerror="alert(1)">',
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "=1+1",
    '=HYPERLINK("http://127.0.0.1/","open")',
    "+1-2@SUM(A1)",
    "../../etc",
    "..\\..\\windows\\system32",
    "\u202eetalumis\u202c right to left \u05e9\u05dc\u05d5\u05dd",
    "bell\u0007 escape\u001b[31m tab\t line\nbreak",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467 and flag \U0001f1e9\U0001f1ea",
    "'; drop table usage; --",
    "a,b;c\"d'e|f",
    "x" * 300,
    " leading and trailing ",
    "%s %(name)s {0} \\N{BULLET}",
    "&amp;<!--]]>",
    "CON",
    "zero\u200bwidth\ufeff",
    "Ünïcödé and u\u0308 decomposed",
)


def planned(name: str) -> str:
    """The name as the story has it."""
    return name


def make_hostile_namer() -> Namer:
    """Replaces each new name by a hostile one; equal names stay equal, different names stay different."""
    given: dict[str, str] = {}
    position = count()

    def replace(name: str) -> str:
        if name not in given:
            turn, index = divmod(next(position), len(HOSTILE_NAMES))
            given[name] = HOSTILE_NAMES[index] + (f" {turn + 1}" if turn else "")
        return given[name]

    return replace

"""What the firm's finance agreed beside the price list: books of the demo, to show what they do.

They are no part of the world's own truth, which tells what was used and what that costs by the list. So a configuration
that is compared with `/truth` has these books with their columns and no line.
"""

from pathlib import Path

_BOOKS = {
    "commitments.csv": """\
connection,sub_account_id,region,meter,unit,committed_quantity,unit_price,currency,valid_from,valid_to,source
syseleven-main,11111111111111111111111111111111,cbk,core_hours,core-hour,12,0.0108,EUR,2020-01-01,,12 cores upfront
""",
    "adjustments.csv": """\
project,connection,category,percent,amount,currency,valid_from,valid_to,source
Customer Portal,ocore-main,discount,5,,,2020-01-01,,sandbox contract: discount of a partner
Research,,credit,,25.00,EUR,2020-01-01,,sandbox contract: a grant each month
""",
    "allocation.csv": """\
rule,kind,from_connection,from_sub_account_id,from_project,method,meter,to_project,percent,valid_from,valid_to,source
platform services,shared,scaleops-main,prod-frankfurt/platform,,cost,,*,,2020-01-01,,what every team runs on
staging nights,idle,scaleops-main,staging-dublin/platform,,percent,,Analytics Platform,50,2020-01-01,,both agreed
staging nights,idle,scaleops-main,staging-dublin/platform,,percent,,Customer Portal,30,2020-01-01,,both agreed
""",
}


def make_empty() -> dict[str, str]:
    """The same books before anything was agreed: file name -> its columns."""
    return {name: text.splitlines(keepends=True)[0] for name, text in _BOOKS.items()}


def write_arrangements(books: Path) -> None:
    """Write them into the folder of books, beside the price list and the map of projects that they name."""
    for name, text in _BOOKS.items():
        (books / name).write_text(text, encoding="utf-8", newline="")

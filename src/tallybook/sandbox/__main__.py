"""`python -m tallybook.sandbox`: serves the sandbox; prints its url, then each provider's address and the secrets."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import date

from tallybook.sandbox.configuration import addresses, export_lines
from tallybook.sandbox.faults import KNOWN
from tallybook.sandbox.server import serve
from tallybook.sandbox.world import WorldSize


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = argparse.ArgumentParser(prog="python -m tallybook.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--months", type=int, default=3, help="whole months of history")
    parser.add_argument("--until", type=date.fromisoformat, help="YYYY-MM-DD, default today")
    parser.add_argument("--workloads", type=int, default=WorldSize().workloads)
    parser.add_argument("--faults", action="append", default=[], help=", ".join(KNOWN))
    parser.add_argument("--until-stdin-ends", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--example", action="store_true", help="serve the documents' examples")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until stopped. Exit code 2 for wrong options."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.until_stdin_ends:
        threading.Thread(target=_stop_with_stdin, daemon=True).start()
    try:
        serve(
            host=options.host,
            port=options.port,
            seed=options.seed,
            months=options.months,
            until=options.until,
            faults=options.faults,
            size=WorldSize(options.workloads),
            example=options.example,
            on_ready=_announce,
        )
    except (ValueError, OSError) as error:  # a wrong option, or a port that is taken
        parser.error(str(error))
    except KeyboardInterrupt:
        return 130
    return 0


def _stop_with_stdin() -> None:
    """A parent that was killed cannot end its child, but the pipe to it closes."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _announce(url: str) -> None:
    told = [f"{provider}\t{address}" for provider, address in addresses(url).items()]
    sys.stdout.write("\n".join([url, *told, *export_lines()]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())

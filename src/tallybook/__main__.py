"""`python -m tallybook`: the same as the `tallybook` command."""

from tallybook.cli import main

if __name__ == "__main__":
    main()

"""The errors users meet. Each message says who, what happened, and what to do; `exit_code` is the shell's."""

ROOM = "at least 1 GiB"
"""What a month needs on a disk: its raw files, 600 MB that DuckDB may put aside while it works, and the report."""


class TallybookError(Exception):
    """Base of all errors that are shown as one line, without a traceback."""

    exit_code = 1


class UsageError(TallybookError):
    """The command line asks for something that cannot be: nothing was done."""

    exit_code = 2


class ConfigurationError(TallybookError):
    """`tallybook.toml` or a secret it names is wrong: nothing was done."""

    exit_code = 2


class BookError(TallybookError):
    """A book (prices, rates, projects, budgets) is wrong; names file, line and column."""

    exit_code = 2


class ProviderError(TallybookError):
    """A provider could not be asked, or refused; names connection, dataset and period."""


class SchemaError(ProviderError):
    """A provider's answer lacks a field or changed a type; names the field."""


class DeliveryError(TallybookError):
    """A published report could not be delivered; names the delivery. The report stands."""


class StorageError(TallybookError):
    """Raw files, the warehouse or a report could not be written or read."""


class RefusedRowsError(StorageError):
    """Rows hold values that their table cannot: too large a number, a null where a value is needed."""


class ConflictError(StorageError):
    """Another process changed the same table of a shared warehouse meanwhile: worth doing again."""


class PartialError(TallybookError):
    """Some units failed; the rest was kept. The message lists what failed."""

    exit_code = 3

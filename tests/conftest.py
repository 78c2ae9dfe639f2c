"""What holds for all tests."""

import os

from hypothesis import settings

# An example that takes long on a busy machine is no bug; what has to be quick is measured by a test or a bench of its
# own.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

# Many tests start processes: they compile the product's modules once, as everywhere, not each of them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

"""The five estates of the sandbox's firm: plain data, and pure functions of an hour."""

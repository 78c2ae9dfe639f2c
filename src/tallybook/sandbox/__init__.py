"""Emulators of the five providers' APIs over one deterministic world that knows its own truth.

World (pure functions of seed and hour) -> provider shapes -> HTTP on one port; beside them `/truth/<month>`,
`/clock` and `/books`. Nothing of the product's own path is imported here, so that a figure which agrees with
`/truth` has been computed twice.
"""

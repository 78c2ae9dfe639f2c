"""Documents in, bytes out: HTML, PDF, JSON, CSV, XLSX. Pure and deterministic; no clock, no network.

The only floor that knows Jinja2, WeasyPrint, Altair, XlsxWriter and pikepdf. Each is imported where it
is used, so that importing this package costs nothing.
"""

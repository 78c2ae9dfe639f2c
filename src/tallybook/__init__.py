"""Tallybook closes a company's cloud month: usage, quotas and costs, as reports that tie out."""

__version__ = "0.1.0"

"""Delivery of published reports: one module for each kind, all of the form of `contract.Kind`, listed in `kinds`."""

"""Documents: frozen dataclasses between summaries and renderers. Rounding, ordering, labels and top-N happen here."""

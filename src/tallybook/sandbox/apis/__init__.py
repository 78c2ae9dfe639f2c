"""The five APIs over HTTP: documented paths, parameters, fields and errors; the figures come from the world."""

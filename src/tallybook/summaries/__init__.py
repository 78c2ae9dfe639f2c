"""Everything with a formula that finance might dispute: pure Polars, frame in, frame out."""

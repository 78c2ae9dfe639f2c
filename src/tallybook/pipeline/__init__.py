"""The pipeline composes the floors: collect, sample, load, report, rebuild. No Prefect in here."""

-- The answers that units hold. A row of a history names only the number of its answer (x_answer), since its unit holds
-- one receipt; a row of a snapshot names receipt and raw file itself. Grain: unit, answer.
create or replace view landing.units_answers as
select
    units.connection,
    units.provider,
    units.dataset,
    units.period,
    files.answer,
    files.receipt,
    files.kind,
    files.asked,
    files.sha256,
    files.captured_at
from landing.units as units
inner join landing.raw_files as files
    on
        units.connection = files.connection
        and units.dataset = files.dataset
        and units.period = files.period
        and units.receipt = files.receipt

-- A decimal(38, 12) as a whole number of trillionths, exact: integers can be divided and rounded as we say, where
-- the division of decimals would give a double.
create or replace macro pricing.trillionths(quantity) as (
    cast(floor(quantity) as hugeint) * 1000000000000
    + cast((quantity - floor(quantity)) * 1000000000000 as hugeint)
)

-- A whole number of trillionths as a decimal(38, 12), exact; the inverse of pricing.trillionths.
create or replace macro pricing.from_trillionths(number) as (
    cast((number - pricing.floor_mod(number, 1000000000000)) // 1000000000000 as decimal(38, 12))
    + cast(pricing.floor_mod(number, 1000000000000) as decimal(12, 0))
    * cast('0.000000000001' as decimal(12, 12))
)

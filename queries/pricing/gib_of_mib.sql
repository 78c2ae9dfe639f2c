-- MiB in GiB, rounded at the 12th decimal, a half away from zero. With two decimals and 64 bits, which nearly all have, it
-- is exact as it is: DuckDB takes twenty times as long to round a number of 128 bits.
create or replace macro pricing.gib_of_mib(mib) as (
    case
        when cast(try_cast(mib as decimal(18, 12)) as decimal(18, 2)) = try_cast(mib as decimal(18, 12))
            then cast(
                cast(try_cast(mib as decimal(18, 12)) as decimal(18, 2)) * cast(0.0009765625 as decimal(10, 10))
                as decimal(38, 12)
            )
        else round(mib * 0.0009765625, 12)
    end
)

-- A quantity in whole trillionths, as it is, when its cost at a price fits into a decimal(38, 12); else an error that
-- names the charge (of_what) and its price row, where the arithmetic would stop with an overflow that names nothing.
create or replace macro pricing.affordable(number, price, of_what, price_source) as (
    case
        when abs(cast(number as double)) * cast(price as double) >= 9.9999999999e37
            then cast(error(
                of_what || ' would cost more than the 26 digits before the dot that a cost can have: correct '
                || price_source || ', or look at the usage'
            ) as hugeint)
        else number
    end
)

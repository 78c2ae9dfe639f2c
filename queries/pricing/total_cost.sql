-- What a quantity in whole trillionths costs at a price of digits / divisor, as a decimal(38, 12); stops with a message
-- that names the charge (of_what) and its price row when that does not fit, instead of an overflow that names nothing.
create or replace macro pricing.total_cost(number, digits, divisor, of_what, price_source) as (
    case
        when abs(cast(number as double)) * (cast(digits as double) / cast(divisor as double)) >= 9.9999999999e37
            then error(
                of_what || ' would cost more than the 26 digits before the dot that a cost can have: correct '
                || price_source || ', or look at the usage'
            )
        else pricing.from_trillionths(pricing.times_price(number, digits, divisor))
    end
)

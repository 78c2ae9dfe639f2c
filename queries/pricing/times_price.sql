-- A whole number times a price of digits / divisor, rounded half to even. The whole multiples of the divisor are
-- multiplied apart from the rest, so that nothing on the way is larger than the result: the product of a number and all
-- the digits of a price need not fit into 128 bits. The last digit of the multiples decides which way a half is even.
create or replace macro pricing.times_price(number, digits, divisor) as (
    (number - pricing.floor_mod(number, divisor)) // divisor * digits
    - pricing.floor_mod((number - pricing.floor_mod(number, divisor)) // divisor * digits, 2)
    + pricing.half_even(
        pricing.floor_mod(number, divisor) * digits
        + pricing.floor_mod((number - pricing.floor_mod(number, divisor)) // divisor * digits, 2) * divisor,
        divisor
    )
)

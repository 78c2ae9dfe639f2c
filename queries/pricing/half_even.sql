-- A whole number divided by a positive one, rounded half to even: 5/2 is 2, 7/2 is 4.
create or replace macro pricing.half_even(number, divisor) as (
    (number - pricing.floor_mod(number, divisor)) // divisor
    + case
        when 2 * pricing.floor_mod(number, divisor) > divisor then 1
        when
            2 * pricing.floor_mod(number, divisor) = divisor
            and ((number - pricing.floor_mod(number, divisor)) // divisor) % 2 <> 0
            then 1
        else 0
    end
)

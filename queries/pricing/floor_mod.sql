-- What is left of a whole number divided by a positive one, never negative.
-- Named so that it is made before the macros that use it: files run in the order of their names.
create or replace macro pricing.floor_mod(number, divisor) as (((number % divisor) + divisor) % divisor)

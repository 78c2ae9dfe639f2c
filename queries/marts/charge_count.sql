-- How many charges a month has. Parameters: $billing_period.
select count(*) as charges
from marts.charges
where billing_period = $billing_period

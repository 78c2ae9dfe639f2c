-- All charges of a month in a fixed order, for tables/charges. Parameters: $billing_period.
select *
from marts.charges
where billing_period = $billing_period
order by all

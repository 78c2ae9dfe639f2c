-- All charges of a span of days of a month in a fixed order, for tables/charges. Spans one after another are in this order
-- too, since days come first in it. Parameters: $billing_period, $first_day, $end_day (exclusive).
select *
from marts.charges
where billing_period = $billing_period and charge_period_start >= $first_day and charge_period_start < $end_day
order by all

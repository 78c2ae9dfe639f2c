-- The pricing category of costs with these hours, as a number: a key that rows are added up by costs less than a text.
-- pricing.category_name says its word. Hours that are not known, or zero on both sides, leave it unknown: never
-- on-demand by default.
create or replace macro pricing.category_code(spot_hours, on_demand_hours) as (
    case
        when spot_hours > 0 and on_demand_hours > 0 then 3
        when on_demand_hours > 0 and spot_hours = 0 then 2
        when spot_hours > 0 and on_demand_hours = 0 then 1
        else 0
    end
)

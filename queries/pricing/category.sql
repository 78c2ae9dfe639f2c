-- The pricing category of costs with these hours. Hours that are not known, or zero on both sides, leave it unknown:
-- never on-demand by default.
create or replace macro pricing.category(spot_hours, on_demand_hours) as (
    case
        when spot_hours > 0 and on_demand_hours > 0 then 'mixed'
        when spot_hours > 0 and on_demand_hours = 0 then 'spot'
        when on_demand_hours > 0 and spot_hours = 0 then 'on_demand'
        else 'unknown'
    end
)

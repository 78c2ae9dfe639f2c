-- The word for a pricing.category_code.
create or replace macro pricing.category_name(code) as (
    case code
        when 3 then 'mixed'
        when 2 then 'on_demand'
        when 1 then 'spot'
        else 'unknown'
    end
)

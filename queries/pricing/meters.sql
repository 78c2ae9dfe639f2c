-- What a month's meters count, and the unit they are priced in. Grain: billing period, meter.
create table if not exists pricing.meters (
    billing_period varchar not null,
    meter varchar not null,
    unit varchar not null, -- of consumed_quantity
    pricing_unit varchar not null,
    units_per_pricing_unit bigint not null -- 1073741824 bytes are a GiB
)

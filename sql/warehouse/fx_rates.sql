-- Purpose: exchange rates, all of them: an amount takes the newest rate of its day or before.
-- Parameters: version.
-- Grain: one row a day and pair of currencies; 1 base = rate quote.
select
    to_char(date, 'YYYY-MM-DD') as date,
    base,
    quote,
    cast(rate as double precision) as rate
from fx_rates_as_of(cast(:version as bigint))
order by base, quote, 1

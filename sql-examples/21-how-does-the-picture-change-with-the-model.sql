-- 21. How does the picture change with the model?
--
-- Finance has one number for the revenue. How much of it each channel has earned depends on the rule that
-- divides a deal over its touches. Here are six rules side by side, over the touches of the 180 days before
-- each close. Every column adds up to the revenue in the CRM, to the cent, refunds taken off: a deal without
-- any touch stays visible as (unattributed) and is not spread over the channels.

.headers on
.mode column

CREATE TEMP VIEW credit AS
  SELECT model, channel, CAST(round(100 * value) AS INTEGER) AS cents
  FROM attribution_summary(
    'touches(account_id, touched_at, channel)',
    'won_deals(account_id, closed_at, amount, lead_created_at, opp_created_at)',
    'first_touch, last_touch, linear, position_based, time_decay, w_shaped',
    'lookback=180 days; round=0.01');

-- Revenue per channel and model, in euros. The last two rows are what finance will check.
WITH side_by_side(line, channel, model, cents) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, model, cents FROM credit
  UNION ALL
  SELECT 3, 'total', model, cents FROM credit
  UNION ALL
  SELECT 4, 'revenue in the CRM', model, (SELECT sum(amount_cents) FROM won_deals)
  FROM (SELECT DISTINCT model FROM credit)
)
SELECT channel,
       printf('%11.2f', total(cents) FILTER (WHERE model = 'first_touch') / 100) AS first_touch,
       printf('%11.2f', total(cents) FILTER (WHERE model = 'last_touch') / 100) AS last_touch,
       printf('%11.2f', total(cents) FILTER (WHERE model = 'linear') / 100) AS linear,
       printf('%11.2f', total(cents) FILTER (WHERE model = 'position_based') / 100) AS position_based,
       printf('%11.2f', total(cents) FILTER (WHERE model = 'time_decay') / 100) AS time_decay,
       printf('%11.2f', total(cents) FILTER (WHERE model = 'w_shaped') / 100) AS w_shaped
FROM side_by_side
GROUP BY line, channel
ORDER BY line, channel;

-- Who wins and who loses by the choice? Ranks by revenue, and the width of the argument: the difference
-- between a channel's best and worst model, in percent of the revenue.
WITH ranked AS (
  SELECT model, channel, 100.0 * cents / sum(cents) OVER (PARTITION BY model) AS percent,
         rank() OVER (PARTITION BY model ORDER BY cents DESC) AS place
  FROM credit
  WHERE channel <> '(unattributed)'
)
SELECT channel,
       max(place) FILTER (WHERE model = 'first_touch') AS first_touch,
       max(place) FILTER (WHERE model = 'last_touch') AS last_touch,
       max(place) FILTER (WHERE model = 'linear') AS linear,
       max(place) FILTER (WHERE model = 'position_based') AS position_based,
       max(place) FILTER (WHERE model = 'time_decay') AS time_decay,
       max(place) FILTER (WHERE model = 'w_shaped') AS w_shaped,
       printf('%4.1f %%', max(percent) - min(percent)) AS at_stake
FROM ranked
GROUP BY channel
ORDER BY max(percent) - min(percent) DESC, channel;

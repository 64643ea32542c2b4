-- 27. Which journeys win, which lose?
--
-- How many touches does it take to win, and over how long? Which sequences of channels stand behind the
-- won deals, and which behind the lost ones? A journey here is what happened at the account in the 180 days
-- before its deal was decided. Only new business counts: an expansion or a refund has another story.

.headers on
.mode column

CREATE TEMP VIEW decided_deals AS
  SELECT account_id, closed_at, amount, deal_id, 'won' AS outcome FROM won_deals WHERE kind = 'new business'
  UNION ALL
  SELECT account_id, closed_at, amount, deal_id, 'lost' FROM lost_deals WHERE kind = 'new business';

-- Average touches of won and lost deals. Deals without a single touch are counted apart.
SELECT d.outcome, count(*) AS deals,
       sum(j.path_length = 0) AS without_touch,
       round(avg(nullif(j.path_length, 0)), 1) AS touches,
       min(nullif(j.path_length, 0)) AS fewest,
       max(j.path_length) AS most,
       round(avg(j.seconds_to_convert) / 86400, 1) AS days,
       printf('%.2f', avg(j.value)) AS amount
FROM journeys('touches(account_id, touched_at, channel)', 'decided_deals(account_id, closed_at, amount)',
              'lookback=180 days; conversion_id=deal_id') AS j
JOIN decided_deals AS d ON d.deal_id = j.conversion_id
GROUP BY d.outcome
ORDER BY d.outcome DESC;

-- The ways in that are seen most often: each channel once, in the order of its first touch, what sales did
-- itself left aside, the last two before the decision. Few deals per path: read the rates with care.
SELECT j.path, count(*) AS deals,
       sum(d.outcome = 'won') AS won,
       sum(d.outcome = 'lost') AS lost,
       printf('%5.1f %%', 100.0 * sum(d.outcome = 'won') / count(*)) AS win_rate,
       printf('%10.2f', total(j.value) FILTER (WHERE d.outcome = 'won')) AS revenue
FROM journeys('touches(account_id, touched_at, channel)', 'decided_deals(account_id, closed_at, amount)',
              'lookback=180 days; conversion_id=deal_id; ignore=sdr outreach; path=first; max_touches=2') AS j
JOIN decided_deals AS d ON d.deal_id = j.conversion_id
GROUP BY j.path
ORDER BY deals DESC, won DESC, j.path
LIMIT 15;

-- Where journeys begin that win, that lose, and that lead to no deal at all. Here a journey ends where the
-- account stays silent for 90 days; average touches by outcome.
SELECT j.first_touch, count(*) AS journeys,
       sum(j.converted) AS deals,
       sum(d.outcome IS 'won') AS won,
       printf('%10.2f', total(j.value) FILTER (WHERE d.outcome = 'won')) AS revenue,
       round(avg(j.path_length) FILTER (WHERE d.outcome = 'won'), 1) AS if_won,
       round(avg(j.path_length) FILTER (WHERE d.outcome = 'lost'), 1) AS if_lost,
       round(avg(j.path_length) FILTER (WHERE j.converted = 0), 1) AS if_no_deal
FROM journeys('touches(account_id, touched_at, channel)', 'decided_deals(account_id, closed_at, amount)',
              'gap=90 days; conversion_id=deal_id') AS j
LEFT JOIN decided_deals AS d ON d.deal_id = j.conversion_id
GROUP BY j.first_touch
ORDER BY total(j.value) FILTER (WHERE d.outcome = 'won') DESC, j.first_touch;

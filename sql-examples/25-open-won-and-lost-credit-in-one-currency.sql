-- 25. What are the channels credited with in open, won and lost deals, in one currency?
--
-- Deals are made in euros, dollars and pounds. To add them up they need one currency, at the rate that was valid
-- when the deal was closed, won or lost: what is booked does not move with the rates afterwards. An open deal has
-- no close yet and takes today's rate. Every deal is divided equally over the touches of the 180 days before its
-- close, an open one over those of the 180 days before today. A refund is a won deal with a negative amount.

.headers on
.mode column

-- Today, the evening of the last day of the data. Change it to your own.
CREATE TEMP VIEW today AS SELECT '2024-12-31 23:59:59' AS at;

-- Each deal with the moment that decides about its rate, in whole cents of a euro. Rates are known by month. A left
-- join: a deal whose rate is missing must not vanish, but show as NULL below.
CREATE TEMP VIEW deals_in_euros AS
  SELECT d.deal_id, d.account_id, d.status, d.currency, d.amount_cents AS own_cents,
         coalesce(d.closed_at, t.at) AS valued_at,
         CAST(round(d.amount_cents * r.eur) AS INTEGER) AS cents,
         CAST(round(d.amount_cents * r.eur) AS INTEGER) / 100.0 AS euros,
         CAST(round(d.amount_cents * n.eur) AS INTEGER) AS cents_at_todays_rate
  FROM deals AS d JOIN today AS t
  LEFT JOIN fx_rates AS r ON r.currency = d.currency AND r.month = substr(coalesce(d.closed_at, t.at), 1, 7)
  LEFT JOIN fx_rates AS n ON n.currency = d.currency AND n.month = substr(t.at, 1, 7);

-- What the deals are worth, in their own money and in euros. The last column is the mistake that is avoided here: by
-- so much the closed deals would have moved since, had they been taken at today's rate.
SELECT status, currency, count(*) AS deals,
       count(*) - count(cents) AS without_rate,
       printf('%12.2f', sum(own_cents) / 100.0) AS own_currency,
       printf('%12.2f', sum(cents) / 100.0) AS euros,
       printf('%10.2f', sum(cents_at_todays_rate - cents) / 100.0) AS moved_since
FROM deals_in_euros
GROUP BY status, currency
ORDER BY status = 'lost', status = 'won', currency;

-- All deals divided at once; the status comes back by the deal's number.
CREATE TEMP VIEW credit AS
  SELECT d.status, a.conversion_id AS deal_id, a.channel, a.credit, a.value
  FROM attribution('touches(account_id, touched_at, channel)', 'deals_in_euros(account_id, valued_at, euros)',
                   'linear', 'lookback=180 days; conversion_id=deal_id; round=0.01') AS a
  JOIN deals_in_euros AS d ON d.deal_id = a.conversion_id;

-- Credit per channel in euros; of what is decided, the part that was won. Totals are those of the CRM.
WITH lines(line, channel, status, value) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, status, value FROM credit
  UNION ALL
  SELECT 3, 'total', status, value FROM credit
  UNION ALL
  SELECT 4, 'in the CRM', status, euros FROM deals_in_euros
)
SELECT channel,
       printf('%12.2f', total(value) FILTER (WHERE status = 'open')) AS open,
       printf('%12.2f', total(value) FILTER (WHERE status = 'won')) AS won,
       printf('%12.2f', total(value) FILTER (WHERE status = 'lost')) AS lost,
       printf('%12.2f', total(value)) AS all_deals,
       printf('%4.1f %%', 100 * total(value) FILTER (WHERE status = 'won')
                          / total(value) FILTER (WHERE status <> 'open')) AS won_of_decided
FROM lines
GROUP BY line, channel
ORDER BY line, total(value) FILTER (WHERE status = 'won') DESC, channel;

-- The same in deals, refunds among the won ones: of a deal with five touches, each gets a fifth. Open deals without
-- any are old ones, whose accounts have been silent for the last 180 days.
SELECT channel,
       printf('%6.2f', total(credit) FILTER (WHERE status = 'open')) AS open,
       printf('%6.2f', total(credit) FILTER (WHERE status = 'won')) AS won,
       printf('%6.2f', total(credit) FILTER (WHERE status = 'lost')) AS lost
FROM (SELECT channel, status, credit FROM credit UNION ALL SELECT 'total', status, credit FROM credit)
GROUP BY channel
ORDER BY channel = 'total', channel LIKE '(%', total(credit) FILTER (WHERE status = 'won') DESC, channel;

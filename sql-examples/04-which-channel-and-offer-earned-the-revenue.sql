-- 4. Which channel, and which offer within it, earned the revenue: month, quarter, half-year, year?
--
-- Each won deal is divided over the touches of the 180 days before its close, by a rule (a model), and counts in the
-- period of its close. A refund takes back what its sale gave, from the same touches and in the same parts, but in the
-- period in which it was paid back: so the months here are those of the books, and a small sum can be negative.
-- Nobody should earn money with an unsubscribe, so these are ignored. All sums are of whole cents; each column ends
-- with its total and with the revenue that the CRM has for that period.

.headers on
.mode column
.nullvalue ''

-- The deals to divide. sold_at: when it was sold, also for a refund, whose closed_at is the day of the refund.
CREATE TEMP VIEW booked AS
  SELECT w.account_id, coalesce(s.closed_at, w.closed_at) AS sold_at, w.closed_at, w.amount, w.lead_created_at,
         w.opp_created_at, w.deal_id, w.amount_cents
  FROM won_deals AS w JOIN deals AS d USING (deal_id) LEFT JOIN deals AS s ON s.deal_id = d.refund_of;

-- Credit in cents by model, offer and month. Labels of offer_touches are 'channel: offer'.
CREATE TEMP TABLE credit AS
  SELECT a.model, a.channel AS offer,
         substr(a.channel, 1, instr(a.channel || ': ', ': ') - 1) AS channel,
         substr(b.closed_at, 1, 7) AS month, sum(CAST(round(100 * a.value) AS INTEGER)) AS cents
  FROM attribution(
         'offer_touches(account_id, touched_at, offer)',
         'booked(account_id, sold_at, amount, lead_created_at, opp_created_at)',
         'first_touch, last_touch, linear, position_based, time_decay, w_shaped',
         'lookback=180 days; ignore=email: unsubscribe; round=0.01; conversion_id=deal_id; touch_id=touch_id') AS a
  JOIN booked AS b ON b.deal_id = a.conversion_id
  GROUP BY a.model, a.channel, substr(b.closed_at, 1, 7);

-- What is asked for: the model, and the month with the quarter, half-year and year that it ends.
CREATE TEMP VIEW asked AS
  SELECT 'position_based' AS model, '2024-12' AS month, '2024-10' AS quarter_from, '2024-07' AS half_from,
         '2024-01' AS year_from;

-- The lines of the first two tables: offers, the total of all of them, and what the books say.
CREATE TEMP VIEW lines AS
  SELECT 1 + (channel = '(unattributed)') AS line, channel, offer, c.month, cents
  FROM credit AS c JOIN asked AS a USING (model) WHERE c.month BETWEEN a.year_from AND a.month
  UNION ALL
  SELECT 3, 'total', '', c.month, cents
  FROM credit AS c JOIN asked AS a USING (model) WHERE c.month BETWEEN a.year_from AND a.month
  UNION ALL
  SELECT 4, 'revenue in the CRM', '', r.month, CAST(round(100 * r.amount) AS INTEGER)
  FROM revenue AS r JOIN asked AS a ON r.month BETWEEN a.year_from AND a.month;

-- Channels in euros: December, the 4th quarter, the 2nd half-year and the year that end with it.
SELECT l.channel,
       printf('%10.2f', total(cents) FILTER (WHERE l.month = a.month) / 100) AS month,
       printf('%10.2f', total(cents) FILTER (WHERE l.month >= quarter_from) / 100) AS quarter,
       printf('%10.2f', total(cents) FILTER (WHERE l.month >= half_from) / 100) AS half_year,
       printf('%10.2f', sum(cents) / 100.0) AS year
FROM lines AS l JOIN asked AS a
GROUP BY l.line, l.channel
ORDER BY l.line, sum(cents) DESC, l.channel;

-- The offers within each channel, the largest channel of the year first.
SELECT l.channel, replace(l.offer, l.channel || ': ', '') AS offer,
       printf('%10.2f', total(cents) FILTER (WHERE l.month = a.month) / 100) AS month,
       printf('%10.2f', total(cents) FILTER (WHERE l.month >= quarter_from) / 100) AS quarter,
       printf('%10.2f', total(cents) FILTER (WHERE l.month >= half_from) / 100) AS half_year,
       printf('%10.2f', sum(cents) / 100.0) AS year,
       printf('%4.1f %%', 100.0 * sum(cents) / sum(sum(cents)) OVER (PARTITION BY l.channel)) AS of_the_channel
FROM lines AS l JOIN asked AS a
WHERE l.line = 1
GROUP BY l.channel, l.offer
ORDER BY sum(sum(cents)) OVER (PARTITION BY l.channel) DESC, l.channel, sum(cents) DESC, l.offer;

-- Every quarter since the beginning, by channel: is it one good month, or a trend?
WITH quarters(line, channel, quarter, cents) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, period_of(month || '-01', 'quarter'), cents
  FROM credit WHERE model = (SELECT model FROM asked)
  UNION ALL
  SELECT 3, 'revenue in the CRM', period_of(month || '-01', 'quarter'), round(100 * amount)
  FROM revenue
)
SELECT channel,
       printf('%9.2f', total(cents) FILTER (WHERE quarter = '2023-Q1') / 100) AS "2023-Q1",
       printf('%10.2f', total(cents) FILTER (WHERE quarter = '2023-Q2') / 100) AS "2023-Q2",
       printf('%10.2f', total(cents) FILTER (WHERE quarter = '2023-Q3') / 100) AS "2023-Q3",
       printf('%10.2f', total(cents) FILTER (WHERE quarter = '2023-Q4') / 100) AS "2023-Q4",
       printf('%10.2f', total(cents) FILTER (WHERE quarter = '2024-Q1') / 100) AS "2024-Q1",
       printf('%10.2f', total(cents) FILTER (WHERE quarter = '2024-Q2') / 100) AS "2024-Q2",
       printf('%10.2f', total(cents) FILTER (WHERE quarter = '2024-Q3') / 100) AS "2024-Q3",
       printf('%10.2f', total(cents) FILTER (WHERE quarter = '2024-Q4') / 100) AS "2024-Q4"
FROM quarters
GROUP BY line, channel
ORDER BY line, channel;

-- The year by model: the answer depends on the rule, the total does not.
WITH models(line, channel, model, cents) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, c.model, cents
  FROM credit AS c JOIN asked AS a ON c.month BETWEEN a.year_from AND a.month
  UNION ALL
  SELECT 3, 'total', c.model, cents FROM credit AS c JOIN asked AS a ON c.month BETWEEN a.year_from AND a.month
)
SELECT channel,
       printf('%10.2f', total(cents) FILTER (WHERE model = 'first_touch') / 100) AS first_touch,
       printf('%10.2f', total(cents) FILTER (WHERE model = 'last_touch') / 100) AS last_touch,
       printf('%10.2f', total(cents) FILTER (WHERE model = 'linear') / 100) AS linear,
       printf('%10.2f', total(cents) FILTER (WHERE model = 'position_based') / 100) AS position_based,
       printf('%10.2f', total(cents) FILTER (WHERE model = 'time_decay') / 100) AS time_decay,
       printf('%10.2f', total(cents) FILTER (WHERE model = 'w_shaped') / 100) AS w_shaped
FROM models
GROUP BY line, channel
ORDER BY line, channel;

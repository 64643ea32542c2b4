-- 30. As it was known on 1 July: what did we say then, and what do we know today?
--
-- The board saw numbers for the first half of 2024 on the morning of 1 July. Finance wants to see exactly these
-- again, and what has changed since. With `as_of=2024-07-01` nothing later is seen: no touch, no close, no stage
-- event after that midnight, and leads that were open then are open again. What a database does not remember it
-- cannot give back: an amount that was corrected in place, say, is what it is today.

.headers on
.mode column

-- Credit by quarter of the close, as known then and today.
CREATE TEMP VIEW credit AS
  SELECT model || ' then' AS version, channel, period, value
  FROM attribution_summary('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)',
                           'linear, markov', 'period=quarter; round=0.01; as_of=2024-07-01')
  UNION ALL
  SELECT model || ' today', channel, period, value
  FROM attribution_summary('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)',
                           'linear, markov', 'period=quarter; round=0.01');

-- Revenue of the first half of 2024 by channel. A rule looks only at the deal's own touches, so the closed half
-- has not moved by a cent, and refunds since then are booked since then. A model that learns from all journeys
-- (markov) has learned more since, and divides the same revenue in another way: quote it with its date.
WITH lines(line, channel, version, value) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, version, value FROM credit WHERE period IN ('2024-Q1', '2024-Q2')
  UNION ALL
  SELECT 3, 'total', version, value FROM credit WHERE period IN ('2024-Q1', '2024-Q2')
  UNION ALL
  SELECT 4, 'revenue in the CRM', version, amount
  FROM revenue, (SELECT DISTINCT version FROM credit) WHERE month BETWEEN '2024-01' AND '2024-06'
  UNION ALL
  SELECT 5, 'closed later', version, value FROM credit WHERE period > '2024-Q2'
)
SELECT channel, printf('%10.2f', total(value) FILTER (WHERE version = 'linear then')) AS linear_then,
       printf('%10.2f', total(value) FILTER (WHERE version = 'linear today')) AS linear_today,
       printf('%10.2f', total(value) FILTER (WHERE version = 'markov then')) AS markov_then,
       printf('%10.2f', total(value) FILTER (WHERE version = 'markov today')) AS markov_today
FROM lines
GROUP BY line, channel
ORDER BY line, channel;

-- The funnel of the leads, and of the returns, that came in from April to June. On 1 July many were still open, so
-- the rate known then (advanced of entered) was too low. `expected_rate` makes up for them, but only as far as the
-- oldest of them had come: of the long last stage it had seen three months. Rates in percent.
WITH cohort AS (
  SELECT 'then' AS known, *
  FROM funnel_summary('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sal > sql > won',
                      'exits=lost,disqualified,recycled; period=quarter; as_of=2024-07-01')
  UNION ALL
  SELECT 'today', *
  FROM funnel_summary('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sal > sql > won',
                      'exits=lost,disqualified,recycled; period=quarter')
)
SELECT stage, sum(entered) FILTER (WHERE known = 'then') AS entered_then,
       sum(open) FILTER (WHERE known = 'then') AS open_then,
       round(100 * sum(rate) FILTER (WHERE known = 'then'), 1) AS rate_then,
       round(100 * sum(expected_rate) FILTER (WHERE known = 'then'), 1) AS expected_then,
       sum(entered) FILTER (WHERE known = 'today') AS entered_today,
       sum(open) FILTER (WHERE known = 'today') AS open_today,
       round(100 * sum(rate) FILTER (WHERE known = 'today'), 1) AS rate_today
FROM cohort
WHERE period = '2024-Q2'
GROUP BY stage_no, stage
ORDER BY stage_no;

-- What has become of the leads that were open on 1 July: a row is where they stood then, whenever they had come.
SELECT t.stage AS stood_at, count(*) AS leads, sum(n.furthest > t.furthest) AS went_on,
       sum(n.outcome = 'won') AS won, sum(n.outcome = 'exited') AS closed_without, sum(n.outcome = 'open') AS open_today
FROM funnel('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sal > sql > won',
            'exits=lost,disqualified,recycled; as_of=2024-07-01') AS t
JOIN funnel('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sal > sql > won',
            'exits=lost,disqualified,recycled') AS n
  ON n.entity = t.entity AND n.pass = t.pass AND n.stage_no = n.furthest
WHERE t.outcome = 'open'
GROUP BY t.stage_no, t.stage
ORDER BY t.stage_no;

-- The pipeline of that morning: what had been typed into the CRM by then and was not closed, at the stage of then
-- and the rates of June 2024. The last columns are what has become of it since.
WITH open_then(deal_id, status, euros, stage) AS (
  SELECT d.deal_id, d.status, round(d.amount_cents * r.eur) / 100,
         (SELECT e.stage FROM deal_stage_events AS e
           WHERE e.deal_id = d.deal_id AND e.entered_at <= '2024-07-01 00:00:00'
           ORDER BY e.entered_at DESC, e.event_id DESC LIMIT 1)
  FROM deals AS d JOIN fx_rates AS r ON r.currency = d.currency AND r.month = '2024-06'
  WHERE d.created_at <= '2024-07-01 00:00:00' AND (d.closed_at IS NULL OR d.closed_at > '2024-07-01 00:00:00')
)
SELECT coalesce(stage, 'total') AS stage, count(*) AS deals, printf('%.2f', sum(euros)) AS pipeline,
       printf('%.2f', total(euros) FILTER (WHERE status = 'won')) AS won_since,
       printf('%.2f', total(euros) FILTER (WHERE status = 'lost')) AS lost_since,
       printf('%.2f', total(euros) FILTER (WHERE status = 'open')) AS open_today
FROM (SELECT * FROM open_then UNION ALL SELECT deal_id, status, euros, NULL FROM open_then)
GROUP BY stage
ORDER BY stage IS NULL, min(CASE stage WHEN 'discovery' THEN 1 WHEN 'proposal' THEN 2 ELSE 3 END);

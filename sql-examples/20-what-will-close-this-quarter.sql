-- 20. What will close this quarter?
--
-- It is the morning of 1 October 2024. Each open deal is compared with the earlier deals of its segment that
-- were in the same stage for at least as long: how many of them were won, and when? A deal that has lain in
-- its stage for a year counts for little, whatever its owner says. The forecast speaks of the deals that are
-- open on that morning; the interval is meant to hold what they bring four times in five. Coverage is
-- pipeline / goal. The quarter is over by now, so what came of it stands beside. For another day change the
-- date below; for today's pipeline see the last statement.

.headers on
.mode column

CREATE TEMP VIEW asked AS
  SELECT '2024-10-01' AS day, '2024-Q4' AS quarter, '2024-10' AS first_month, '2024-12' AS last_month;

-- The pipeline of that morning: deals whose last stage event before it is not their end.
CREATE TEMP VIEW pipeline AS
  SELECT e.deal_id, max(e.entered_at) AS entered_at, e.stage, d.amount, d.amount_cents, a.segment
  FROM deal_stage_events AS e
  JOIN deals_eur AS d USING (deal_id)
  JOIN accounts AS a ON a.account_id = d.account_id
  WHERE e.entered_at < (SELECT day FROM asked)
  GROUP BY e.deal_id
  HAVING e.stage NOT IN ('won', 'lost');

CREATE TEMP VIEW history AS
  SELECT e.deal_id, e.entered_at, e.stage, a.segment
  FROM deal_stage_events AS e JOIN deals AS d USING (deal_id) JOIN accounts AS a ON a.account_id = d.account_id;

-- What these deals have brought since, by month.
CREATE TEMP VIEW came AS
  SELECT substr(d.closed_at, 1, 7) AS month, count(*) AS deals, sum(d.amount_cents) / 100.0 AS amount
  FROM pipeline AS p JOIN deals_eur AS d USING (deal_id)
  WHERE d.status = 'won'
  GROUP BY 1;

-- Month by month.
SELECT f.period, printf('%.1f', f.expected_deals) AS expected_deals,
       printf('%11.2f', f.expected_value) AS expected_value, printf('%11.2f', f.low) AS low,
       printf('%11.2f', f.high) AS high,
       c.deals AS came_deals, printf('%11.2f', c.amount) AS came
FROM pipeline_forecast_summary(
       'pipeline(deal_id, entered_at, stage, amount, segment)', 'history(deal_id, entered_at, stage, segment)',
       'discovery > proposal > negotiation > won',
       'exits=lost; as_of=2024-10-01; period=month; confidence=0.8') AS f
LEFT JOIN came AS c ON c.month = f.period
WHERE f.period <= (SELECT last_month FROM asked)
ORDER BY f.period;

-- The quarter against its goal: out of reach without deals that are not yet created. What came is more than the
-- interval holds; once in five it may be less or more.
SELECT f.period AS quarter, printf('%.2f', p.amount) AS pipeline, printf('%.2f', q.goal) AS goal,
       printf('%.2f', p.amount / q.goal) AS coverage, printf('%.2f', f.expected_value) AS expected,
       printf('%.2f', f.low) AS low, printf('%.2f', f.high) AS high,
       printf('%.1f %%', 100 * f.expected_value / q.goal) AS of_goal,
       printf('%.2f', (SELECT sum(amount) FROM came WHERE month <= last_month)) AS came
FROM asked
JOIN pipeline_forecast_summary(
       'pipeline(deal_id, entered_at, stage, amount, segment)', 'history(deal_id, entered_at, stage, segment)',
       'discovery > proposal > negotiation > won',
       'exits=lost; as_of=2024-10-01; period=quarter; confidence=0.8') AS f ON f.period = asked.quarter
CROSS JOIN (SELECT sum(amount_cents) / 100.0 AS amount FROM pipeline) AS p
CROSS JOIN (SELECT sum(revenue_cents) / 100.0 AS goal FROM quotas, asked
            WHERE month BETWEEN first_month AND last_month) AS q;

-- The deals that the forecast hangs on, and what became of them by the end of the year.
SELECT f.entity AS deal, f.stage, CAST(f.age_days AS INTEGER) AS days_in_stage, printf('%9.2f', f.value) AS amount,
       printf('%3.0f %%', 100 * f.probability) AS chance,
       printf('%.0f - %.0f %%', 100 * f.probability_low, 100 * f.probability_high) AS low_high,
       printf('%9.2f', f.expected_value) AS expected, substr(f.expected_close, 1, 10) AS if_won_about,
       d.status AS today, coalesce(substr(d.closed_at, 1, 10), '') AS closed
FROM pipeline_forecast(
       'pipeline(deal_id, entered_at, stage, amount, segment)', 'history(deal_id, entered_at, stage, segment)',
       'discovery > proposal > negotiation > won', 'exits=lost; as_of=2024-10-01; confidence=0.8') AS f
JOIN deals AS d ON d.deal_id = f.entity
ORDER BY f.expected_value DESC, f.entity
LIMIT 12;

-- Today's pipeline: what the evening of 31 December promises for the months to come.
SELECT period, deals, printf('%.1f', expected_deals) AS expected_deals,
       printf('%11.2f', expected_value) AS expected_value, printf('%11.2f', low) AS low, printf('%11.2f', high) AS high
FROM pipeline_forecast_summary(
       'open_deals(deal_id, stage_entered_at, stage, amount)', 'deal_stage_events(deal_id, entered_at, stage)',
       'discovery > proposal > negotiation > won',
       'exits=lost; as_of=2024-12-31 23:59:59; period=month; confidence=0.8')
WHERE deals > 0
ORDER BY period
LIMIT 6;

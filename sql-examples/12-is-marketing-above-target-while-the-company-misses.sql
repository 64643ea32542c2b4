-- 12. Is marketing above its pipeline target while the company misses?
--
-- Marketing has a goal for the pipeline that it sources, the company one for all pipeline and one for revenue. A report
-- that shows only the first can be green in a month in which everybody else is red: so all attainments stand in one
-- row. Pipeline is every deal created in the month (typed into the CRM, that is), whatever has become of it since, and
-- no refund; question 13 counts what is left of it. Marketing sourced a deal when the first touch ever of its lead was
-- marketing: the original source, as in question 3. A deal without a lead counts for the company only. Revenue is what
-- was won in the month, refunds taken off. Euros, at the rate of the month of the close (of today for open deals).

.headers on
.mode column
.nullvalue ''

-- What was created, in euros. A deal without a lead gets a key that no touch has.
CREATE TEMP VIEW pipeline AS
  SELECT coalesce(lead_id, -deal_id) AS lead, created_at, amount, deal_id
  FROM deals_eur
  WHERE kind <> 'refund';

-- What the person behind each lead did: marketing or a sales activity.
CREATE TEMP VIEW lead_touches AS
  SELECT l.lead_id, t.touched_at, t.type FROM leads AS l JOIN touches AS t USING (contact_id);

-- One row per month: what was sourced by marketing, created by anybody, and won, beside the goals; in cents.
CREATE TEMP TABLE months AS
  WITH created AS (
    SELECT period AS month, sum(cents) AS pipeline, sum(cents) FILTER (WHERE channel = 'marketing') AS marketing
    FROM (SELECT period, channel, CAST(round(100 * value) AS INTEGER) AS cents
          FROM attribution_summary('lead_touches(lead_id, touched_at, type)', 'pipeline(lead, created_at, amount)',
                                   'first_touch', 'period=month; round=0.01'))
    GROUP BY period
  )
  SELECT q.month, coalesce(c.marketing, 0) AS marketing, q.marketing_pipeline_cents AS marketing_goal,
         coalesce(c.pipeline, 0) AS pipeline, q.pipeline_cents AS pipeline_goal,
         CAST(round(100 * coalesce(r.amount, 0)) AS INTEGER) AS revenue, q.revenue_cents AS revenue_goal
  FROM quotas AS q LEFT JOIN created AS c USING (month) LEFT JOIN revenue AS r USING (month);

-- The answer in one row each: this month, and the quarter, half-year and year that end with it. Percent of the goal.
WITH periods(line, period, since) AS (
  VALUES (1, 'December 2024', '2024-12'), (2, '4th quarter', '2024-10'),
         (3, '2nd half-year', '2024-07'), (4, '2024', '2024-01')
)
SELECT period,
       printf('%11.2f', sum(marketing) / 100.0) AS by_marketing,
       printf('%5.1f %%', 100.0 * sum(marketing) / sum(marketing_goal)) AS marketing_attains,
       printf('%11.2f', sum(pipeline) / 100.0) AS by_all,
       printf('%5.1f %%', 100.0 * sum(pipeline) / sum(pipeline_goal)) AS company_attains,
       printf('%11.2f', sum(revenue) / 100.0) AS revenue,
       printf('%5.1f %%', 100.0 * sum(revenue) / sum(revenue_goal)) AS revenue_attains
FROM periods JOIN months ON month >= since
GROUP BY line
ORDER BY line;

-- Month by month. The last column says where marketing is above its goal while the company misses one of its own.
SELECT month,
       printf('%10.2f', marketing / 100.0) AS by_marketing, printf('%10.2f', marketing_goal / 100.0) AS goal,
       printf('%5.1f %%', 100.0 * marketing / marketing_goal) AS marketing,
       printf('%10.2f', pipeline / 100.0) AS by_all, printf('%10.2f', pipeline_goal / 100.0) AS goal_of_all,
       printf('%5.1f %%', 100.0 * pipeline / pipeline_goal) AS company,
       printf('%5.1f %%', 100.0 * revenue / revenue_goal) AS revenue,
       CASE WHEN marketing < marketing_goal THEN ''
            WHEN pipeline < pipeline_goal AND revenue < revenue_goal THEN 'pipeline and revenue missed'
            WHEN pipeline < pipeline_goal THEN 'pipeline missed'
            WHEN revenue < revenue_goal THEN 'revenue missed' ELSE '' END AS above_while
FROM months
ORDER BY month;

-- How often? All months by what was attained. Of the months in which marketing was above its goal, the company missed
-- so many.
SELECT CASE WHEN marketing >= marketing_goal THEN 'above its goal' ELSE 'below its goal' END AS marketing,
       count(*) AS months,
       sum(pipeline < pipeline_goal) AS company_missed_pipeline, sum(revenue < revenue_goal) AS company_missed_revenue
FROM months
GROUP BY 1
ORDER BY 1;

-- 7. What does the funnel look like by month: volume, conversion, velocity, and MQL to won?
--
-- There are two conversions, and both have their use. Activity-based: what entered the next stage in a month by what
-- entered this stage in the same month. It is complete on the last day of the month, but above and below the line stand
-- different leads, so it may exceed 100 %. Cohort-based: of the leads that entered this stage in the month, the share
-- that went on, whenever that was. It is a real share, but it grows until the last lead has gone on or has ended.
-- A lead without progress for 30 days is closed, also where nobody did so in the CRM; only an sql may take longer, as
-- it has a deal. A skipped stage counts with the next one's date.

.headers on
.mode column
.nullvalue ''

-- Every stage of every pass, with the month in which it was entered. furthest is 5 where the pass was won.
CREATE TEMP TABLE stays AS
  SELECT entity AS lead_id, pass, label AS source, stage_no, stage, entered_at, substr(entered_at, 1, 7) AS month,
         outcome, furthest
  FROM funnel('stage_events(lead_id, entered_at, stage, source)',
              'inquiry > mql [30 days] > sal [30 days] > sql [30 days] > won', 'exits=lost,disqualified,recycled');

-- Volume: entries into each stage in the months of 2024, and in the year.
SELECT y.line AS month, sum(stage = 'inquiry') AS inquiries, sum(stage = 'mql') AS mqls, sum(stage = 'sal') AS sals,
       sum(stage = 'sql') AS sqls, sum(stage = 'won') AS won
FROM stays AS s
JOIN (SELECT DISTINCT month, month AS line FROM stays UNION SELECT month, 'all 2024' FROM stays) AS y USING (month)
WHERE s.month >= '2024'
GROUP BY y.line
ORDER BY y.line;

-- Conversion from stage to stage, side by side: the percentage by activity, then by cohort. A star: leads of this
-- cohort are still open, so its conversion may still grow.
WITH months AS (
  SELECT month, stage_no, count(*) AS entered, sum(outcome = 'advanced') AS went_on, sum(outcome = 'open') AS open
  FROM stays
  WHERE month >= '2024'
  GROUP BY month, stage_no
),
steps AS (
  SELECT a.month, a.stage_no AS step, printf('%5.1f', 100.0 * b.entered / a.entered) AS activity,
         printf('%5.1f%s', 100.0 * a.went_on / a.entered, CASE WHEN a.open > 0 THEN ' *' ELSE '' END) AS cohort
  FROM months AS a JOIN months AS b ON b.month = a.month AND b.stage_no = a.stage_no + 1
)
SELECT month,
       max(activity) FILTER (WHERE step = 1) AS to_mql, max(cohort) FILTER (WHERE step = 1) AS to_mql_cohort,
       max(activity) FILTER (WHERE step = 2) AS to_sal, max(cohort) FILTER (WHERE step = 2) AS to_sal_cohort,
       max(activity) FILTER (WHERE step = 3) AS to_sql, max(cohort) FILTER (WHERE step = 3) AS to_sql_cohort,
       max(activity) FILTER (WHERE step = 4) AS to_won, max(cohort) FILTER (WHERE step = 4) AS to_won_cohort
FROM steps
GROUP BY month
ORDER BY month;

-- MQL to won. won_in_month by mqls is the activity; of_these_won by mqls the cohort. Days: from mql to won, the median
-- of the deals that were won in the month; half of them took longer.
WITH won AS (
  SELECT w.month, julianday(w.entered_at) - julianday(m.entered_at) AS days,
         row_number() OVER (PARTITION BY w.month ORDER BY julianday(w.entered_at) - julianday(m.entered_at)) AS place,
         count(*) OVER (PARTITION BY w.month) AS n
  FROM stays AS w JOIN stays AS m USING (lead_id, pass)
  WHERE w.stage = 'won' AND m.stage = 'mql'
),
velocity AS (
  SELECT month, n, avg(days) FILTER (WHERE place IN ((n + 1) / 2, (n + 2) / 2)) AS days FROM won GROUP BY month
),
cohorts AS (
  SELECT s.month, count(*) AS mqls, sum(s.furthest = 5) AS won, sum(last.outcome = 'open') AS open
  FROM stays AS s JOIN stays AS last ON last.lead_id = s.lead_id AND last.pass = s.pass AND last.stage_no = s.furthest
  WHERE s.stage = 'mql'
  GROUP BY s.month
)
SELECT c.month, c.mqls, coalesce(v.n, 0) AS won_in_month,
       printf('%5.1f %%', 100.0 * coalesce(v.n, 0) / c.mqls) AS activity,
       c.won AS of_these_won, printf('%5.1f %%', 100.0 * c.won / c.mqls) AS cohort, c.open AS of_these_open,
       round(v.days, 1) AS median_days
FROM cohorts AS c LEFT JOIN velocity AS v USING (month)
ORDER BY c.month;

-- Velocity by stage: the median of the days in it, of those that went on, by quarter in which the lead came in. The
-- youngest quarters only know the quick ones.
SELECT period AS quarter,
       max(round(median_days, 1)) FILTER (WHERE stage = 'inquiry') AS inquiry_days,
       max(round(median_days, 1)) FILTER (WHERE stage = 'mql') AS mql_days,
       max(round(median_days, 1)) FILTER (WHERE stage = 'sal') AS sal_days,
       max(round(median_days, 1)) FILTER (WHERE stage = 'sql') AS sql_days,
       max(open) FILTER (WHERE stage = 'sql') AS sqls_still_open
FROM funnel_summary('stage_events(lead_id, entered_at, stage)',
                    'inquiry > mql [30 days] > sal [30 days] > sql [30 days] > won',
                    'exits=lost,disqualified,recycled; period=quarter')
GROUP BY period
ORDER BY period;

-- Above 100 %: the channels that won more in a month than they had new sqls. Nothing is wrong with these, the deals are
-- those of earlier sqls: but do not read them as a rate of success.
SELECT month, source AS channel, sum(stage = 'sql') AS sqls, sum(stage = 'won') AS won,
       printf('%5.1f %%', 100.0 * sum(stage = 'won') / sum(stage = 'sql')) AS activity,
       printf('%5.1f %%', 100.0 * sum(stage = 'sql' AND furthest = 5) / sum(stage = 'sql')) AS cohort
FROM stays
WHERE month >= '2024'
GROUP BY month, source
HAVING sum(stage = 'won') > sum(stage = 'sql') AND sum(stage = 'sql') > 0
ORDER BY month, source;

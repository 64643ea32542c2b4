-- 6. Which channel's leads are dead on arrival this month?
--
-- A lead is dead on arrival when it ends where it came in: no mql within 30 days, whether it was disqualified or nobody
-- heard from it again. Every pass counts, under the channel that opened it and in the month in which it came in. A
-- month is only judged when its last lead has had its 30 days; today is 2024-12-31, so that is November, and December
-- has to wait. To ask for another number of days, change recycle= and the days in the view below.

.headers on
.mode column
.nullvalue ''

-- Leads by channel and month of entry: dead, or not. old_enough: the month and then the days have passed by today.
CREATE TEMP VIEW arrivals AS
  SELECT label AS channel, period AS month, entered AS leads, exited + recycled AS dead, exited AS disqualified,
         advanced, open, date(period || '-01', '1 month', '30 days') <= '2024-12-31' AS old_enough
  FROM funnel_summary('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sal > sql',
                      'recycle=30 days; exits=lost,disqualified; by=label; period=month')
  WHERE stage = 'inquiry';

-- The newest month that is old enough, channel by channel, with bounds: in a small month a rate says little. Beside it
-- the twelve months before; 'worse' and 'better' where even the bounds leave those behind.
WITH this AS (SELECT max(month) AS month FROM arrivals WHERE old_enough),
year_before AS (
  SELECT a.channel, 1.0 * sum(a.dead) / sum(a.leads) AS rate
  FROM arrivals AS a JOIN this AS t
    ON a.month < t.month AND a.month >= strftime('%Y-%m', t.month || '-01', '-12 months')
  GROUP BY a.channel
)
SELECT a.month, a.channel, a.leads, a.dead, a.disqualified AS of_these_disqualified,
       printf('%5.1f %%', 100.0 * a.dead / a.leads) AS dead_share,
       printf('%5.1f %%', 100 * wilson_low(a.dead, a.leads)) AS low,
       printf('%5.1f %%', 100 * wilson_high(a.dead, a.leads)) AS high,
       printf('%5.1f %%', 100 * y.rate) AS year_before,
       CASE WHEN wilson_low(a.dead, a.leads) > y.rate THEN 'worse'
            WHEN wilson_high(a.dead, a.leads) < y.rate THEN 'better' END AS trend
FROM arrivals AS a JOIN this USING (month) LEFT JOIN year_before AS y USING (channel)
ORDER BY 1.0 * a.dead / a.leads DESC, a.channel;

-- Every month of the year, all channels: how many came, how many were dead. Where leads are still open it is too early
-- for a share.
SELECT month, sum(leads) AS leads, sum(dead) AS dead, sum(advanced) AS became_mql, sum(open) AS still_open,
       CASE WHEN old_enough THEN printf('%5.1f %%', 100.0 * sum(dead) / sum(leads)) ELSE 'too early' END AS dead_share
FROM arrivals
WHERE month >= '2024-01'
GROUP BY month
ORDER BY month;

-- Over all months that are old enough: where is it a habit and not a bad month?
SELECT channel, sum(leads) AS leads, sum(dead) AS dead,
       printf('%5.1f %%', 100.0 * sum(dead) / sum(leads)) AS dead_share,
       printf('%5.1f %%', 100 * wilson_low(sum(dead), sum(leads))) AS low,
       printf('%5.1f %%', 100 * wilson_high(sum(dead), sum(leads))) AS high
FROM arrivals
WHERE old_enough
GROUP BY channel
ORDER BY 1.0 * sum(dead) / sum(leads) DESC, channel;

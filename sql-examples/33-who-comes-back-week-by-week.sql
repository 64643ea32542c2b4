-- 33. Who comes back: retention by acquisition channel, in weekly cohorts?
--
-- A person joins the cohort of the week (Monday to Sunday) of the first touch, and belongs to the channel of that
-- touch. Week 0 is that week, week 1 the next one, and so on. A person comes back with a touch of marketing; a
-- call by sales is our doing, not theirs. Two measures, which are often mixed up:
--   on week n: there in that very week;
--   on or after week n: there in that week or any later one, up to today. It can only fall with n.
-- Touches that nobody could match to a person are left out. A week counts once it has ended: today is Tuesday,
-- 2024-12-31, so the last one began on 2024-12-23.

.headers on
.mode column

-- Every touch with its person's cohort and channel, and its week, counted from the cohort's.
CREATE TEMP TABLE visits AS
  WITH started AS (
    SELECT contact_id, first_touch(channel, touched_at) AS channel,
           date(min(touched_at), 'weekday 0', '-6 days') AS cohort
    FROM touches WHERE contact_id IS NOT NULL GROUP BY contact_id
  )
  SELECT s.*, t.type = 'marketing' AS came,
         CAST(julianday(date(t.touched_at, 'weekday 0', '-6 days')) - julianday(s.cohort) AS INTEGER) / 7 AS week
  FROM started AS s JOIN touches AS t USING (contact_id)
  WHERE t.touched_at < '2024-12-30';

-- Those met in the first half of 2024: 26 weekly cohorts that all have at least 26 weeks behind them, in percent
-- by channel. For each person `retention` says, as JSON, which conditions were ever met by one who was there first.
WITH person AS (
  SELECT contact_id, channel,
         retention(week = 0, came AND week = 1, came AND week = 4, came AND week = 12, came AND week = 26) AS there_on,
         retention(week = 0, came AND week >= 1, came AND week >= 4, came AND week >= 12, came AND week >= 26)
           AS there_since
  FROM visits
  WHERE cohort BETWEEN '2024-01-01' AND '2024-06-24'
  GROUP BY contact_id, channel
), lines AS (SELECT 1 AS line, * FROM person UNION ALL SELECT 2, contact_id, 'all', there_on, there_since FROM person)
SELECT channel, count(*) AS people,
       printf('%5.1f', 100 * avg(json_extract(there_on, '$[1]'))) AS on_1,
       printf('%5.1f', 100 * avg(json_extract(there_on, '$[2]'))) AS on_4,
       printf('%5.1f', 100 * avg(json_extract(there_on, '$[3]'))) AS on_12,
       printf('%5.1f', 100 * avg(json_extract(there_on, '$[4]'))) AS on_26,
       printf('%5.1f', 100 * avg(json_extract(there_since, '$[1]'))) AS on_or_after_1,
       printf('%5.1f', 100 * avg(json_extract(there_since, '$[2]'))) AS on_or_after_4,
       printf('%5.1f', 100 * avg(json_extract(there_since, '$[3]'))) AS on_or_after_12,
       printf('%5.1f', 100 * avg(json_extract(there_since, '$[4]'))) AS on_or_after_26
FROM lines
GROUP BY line, channel
ORDER BY line, channel;

-- The last twelve weekly cohorts of all channels: how many people came in week n, here in plain SQL. Blank: that
-- week has not ended. Read `on or after` down a column with care: the older a cohort, the more time it had.
WITH person AS (
  SELECT contact_id, cohort, (julianday('2024-12-23') - julianday(cohort)) / 7 AS weeks,
         coalesce(max(week) FILTER (WHERE came), 0) AS last_week, max(came AND week = 1) AS w1,
         max(came AND week = 2) AS w2, max(came AND week = 3) AS w3, max(came AND week = 4) AS w4,
         max(came AND week = 8) AS w8
  FROM visits
  WHERE cohort >= '2024-10-07'
  GROUP BY contact_id, cohort
)
SELECT cohort, count(*) AS people, CASE WHEN weeks >= 1 THEN sum(w1) END AS on_1,
       CASE WHEN weeks >= 2 THEN sum(w2) END AS on_2, CASE WHEN weeks >= 3 THEN sum(w3) END AS on_3,
       CASE WHEN weeks >= 4 THEN sum(w4) END AS on_4, CASE WHEN weeks >= 8 THEN sum(w8) END AS on_8,
       CASE WHEN weeks >= 1 THEN sum(last_week >= 1) END AS on_or_after_1,
       CASE WHEN weeks >= 4 THEN sum(last_week >= 4) END AS on_or_after_4,
       CASE WHEN weeks >= 8 THEN sum(last_week >= 8) END AS on_or_after_8
FROM person
GROUP BY cohort
ORDER BY cohort;

-- 19. How do accounts move between buying stages week by week?
--
-- A predictive tool says in which buying stage an account is: Awareness, Consideration, Decision, Purchase. Its
-- stays are half-open: an account is in a stage from the first day on, and on the last day it is no longer. In on
-- the 1st and out on the 18th is 17 days, and the 18th belongs to the next stage. So on every day an account is in
-- one stage at most, and days add up. Stages can also fall: interest fades.

.headers on
.mode column
.nullvalue '-'

-- Eight full weeks, Monday to Monday. Change the first and the last Monday here.
CREATE TEMP VIEW weeks AS
  WITH RECURSIVE week(monday) AS (
    SELECT '2024-11-04'
    UNION ALL
    SELECT date(monday, '+7 days') FROM week WHERE monday < '2024-12-23'
  )
  SELECT monday, date(monday, '+7 days') AS next_monday FROM week;

-- The order of the stages.
CREATE TEMP VIEW ranks(stage, place) AS
  VALUES ('Awareness', 1), ('Consideration', 2), ('Decision', 3), ('Purchase', 4);

-- Where an account stood on a Monday, and where on the next. What it went through in between does not show: a move
-- is what is left of the week. An account that was first seen during the week has no stage before.
CREATE TEMP VIEW moves AS
  SELECT w.monday, z.account_id, a.stage AS stage_before, z.stage AS stage_after,
         (SELECT place FROM ranks WHERE stage = z.stage) - (SELECT place FROM ranks WHERE stage = a.stage) AS steps
  FROM weeks AS w
  JOIN account_stages AS z ON z.from_day <= w.next_monday AND w.next_monday < coalesce(z.to_day, '9999-12-31')
  LEFT JOIN account_stages AS a
    ON a.account_id = z.account_id AND a.from_day <= w.monday AND w.monday < coalesce(a.to_day, '9999-12-31');

-- Accounts per stage on each Monday, and what happens until the next: accounts + first seen = the next Monday's.
SELECT monday,
       sum(stage_before = 'Awareness') AS awareness,
       sum(stage_before = 'Consideration') AS consideration,
       sum(stage_before = 'Decision') AS decision,
       sum(stage_before = 'Purchase') AS purchase,
       count(stage_before) AS accounts,
       sum(stage_before IS NULL) AS first_seen,
       sum(steps > 0) AS moved_up,
       sum(steps < 0) AS moved_down
FROM moves
GROUP BY monday
ORDER BY monday;

-- From which stage to which? Of the accounts in a stage on a Monday, the share that is in each stage on the next;
-- the eight weeks together, so an account counts once for each week.
SELECT stage_before, count(*) AS account_weeks,
       printf('%6.2f %%', 100.0 * sum(stage_after = 'Awareness') / count(*)) AS to_awareness,
       printf('%6.2f %%', 100.0 * sum(stage_after = 'Consideration') / count(*)) AS to_consideration,
       printf('%6.2f %%', 100.0 * sum(stage_after = 'Decision') / count(*)) AS to_decision,
       printf('%6.2f %%', 100.0 * sum(stage_after = 'Purchase') / count(*)) AS to_purchase
FROM moves JOIN ranks ON stage = stage_before
GROUP BY stage_before
ORDER BY place;

-- The moves themselves, week by week; accounts that stay where they are do not show.
SELECT monday,
       sum(stage_before = 'Awareness' AND stage_after = 'Consideration') AS awareness_to_consideration,
       sum(stage_before = 'Consideration' AND stage_after = 'Decision') AS consideration_to_decision,
       sum(stage_before = 'Decision' AND stage_after = 'Purchase') AS decision_to_purchase,
       sum(steps > 1) AS further_up,
       sum(stage_before = 'Consideration' AND stage_after = 'Awareness') AS consideration_to_awareness,
       sum(stage_before = 'Decision' AND steps < 0) AS decision_down,
       sum(stage_before = 'Purchase' AND steps < 0) AS purchase_down
FROM moves
GROUP BY monday
ORDER BY monday;

-- The days of one account: each stay begins on the day on which the one before ends, and no day counts twice. The
-- last stay is still going on: its days are those before today, the 31st of December.
SELECT stage, from_day, to_day, julianday(coalesce(to_day, '2024-12-31')) - julianday(from_day) AS days
FROM account_stages
WHERE account_id = 280
ORDER BY from_day;

-- How long does a stay last? Averages know only stays that are over; how many still go on stands beside them.
SELECT stage, count(to_day) AS ended,
       round(avg(julianday(to_day) - julianday(from_day)), 1) AS average_days,
       min(julianday(to_day) - julianday(from_day)) AS shortest,
       max(julianday(to_day) - julianday(from_day)) AS longest,
       sum(to_day IS NULL) AS still_in_it
FROM account_stages JOIN ranks USING (stage)
GROUP BY stage
ORDER BY place;

-- 35. Days, hours and histograms: which day counts, and how long does it take?
--
-- Recipes for three small questions that come up beside the others.
--   1. Did they come back the next day? By the calendar, a form at 18:00 and a visit at 9:00 are two days; by
--      rolling windows of 24 hours, counted from each person's own first touch, they are one. Say which you mean.
--   2. Who shows a surge, five touches of marketing within a day? By the calendar, a surge around midnight is cut
--      in two; over rolling 24 hours nothing is lost, and whoever is found by the calendar is found here, too.
--   3. How long does it take to convert? A histogram from the passes of `funnel`. It holds those who have
--      converted; of those still open `conversion_curve` takes account.

.headers on
.mode column

-- 1. Back on day n, in percent of those first seen in the second half of 2024. Both days have ended for everybody
-- who came by 23 December. Day 0: a later touch on the first day, in the first 24 hours.
WITH person AS (
  SELECT contact_id, min(touched_at) AS first_at FROM touches WHERE contact_id IS NOT NULL
  GROUP BY contact_id HAVING first_at BETWEEN '2024-07-01' AND '2024-12-24'
), visits AS (
  SELECT contact_id, julianday(date(t.touched_at)) - julianday(date(p.first_at)) AS calendar_day,
         (strftime('%s', t.touched_at) - strftime('%s', p.first_at)) / 86400 AS rolling_day
  FROM person AS p JOIN touches AS t USING (contact_id)
  WHERE t.touched_at > p.first_at
), days(day) AS (VALUES (0), (1), (2), (3), (7))
SELECT day, (SELECT count(*) FROM person) AS people,
       count(DISTINCT contact_id) FILTER (WHERE calendar_day = day) AS by_the_calendar,
       count(DISTINCT contact_id) FILTER (WHERE rolling_day = day) AS by_rolling_24_hours,
       printf('%4.1f', 100.0 * count(DISTINCT contact_id) FILTER (WHERE calendar_day = day)
                       / (SELECT count(*) FROM person)) AS calendar_percent,
       printf('%4.1f', 100.0 * count(DISTINCT contact_id) FILTER (WHERE rolling_day = day)
                       / (SELECT count(*) FROM person)) AS rolling_percent
FROM days, visits
GROUP BY day
ORDER BY day;

-- 2. Accounts with a surge. For each touch: how many there were in the 24 hours that end with it, and how many on
-- its date. A frame in seconds includes what is exactly 24 hours old; so one second less. A form that was sent
-- twice in one second is one touch.
WITH once AS (
  SELECT DISTINCT account_id, contact_id, touched_at, channel, offer
  FROM touches WHERE type = 'marketing' AND account_id IS NOT NULL
), busy AS (
  SELECT account_id, touched_at,
         count(*) OVER (PARTITION BY account_id ORDER BY CAST(strftime('%s', touched_at) AS INTEGER)
                        RANGE BETWEEN 86399 PRECEDING AND CURRENT ROW) AS in_24_hours,
         count(*) OVER (PARTITION BY account_id, date(touched_at)) AS on_the_date
  FROM once
), account AS (
  SELECT account_id, max(in_24_hours) AS in_24_hours, max(on_the_date) AS on_the_date FROM busy GROUP BY account_id
), sizes(touches) AS (VALUES (3), (4), (5), (6))
SELECT touches AS at_least, sum(on_the_date >= touches) AS accounts_by_the_calendar,
       sum(in_24_hours >= touches) AS accounts_by_rolling_24_hours,
       sum(on_the_date >= touches AND in_24_hours < touches) AS found_by_the_calendar_only
FROM sizes, account
GROUP BY touches
ORDER BY touches;

-- 3. Days from the start of a pass to its win, in bars of 30 days; a # stands for two wins.
WITH won AS (
  SELECT (julianday(entered_at) - julianday(pass_started_at)) AS days
  FROM funnel('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sal > sql > won',
              'exits=lost,disqualified,recycled')
  WHERE stage = 'won'
), bars AS (
  SELECT CAST(days AS INTEGER) / 30 AS bar, count(*) AS n FROM won GROUP BY 1
)
SELECT printf('%3d to %3d', 30 * bar, 30 * bar + 29) AS days, n AS wins,
       printf('%5.1f %%', 100.0 * sum(n) OVER (ORDER BY bar) / sum(n) OVER ()) AS up_to_here,
       substr('##################################################', 1, (n + 1) / 2) AS bar
FROM bars
ORDER BY bars.bar;

-- 8. Where is the SLA broken, and by whom?
--
-- Nothing may stay open in one stage for longer than 30 days. That holds for leads (inquiry, mql, sal; an sql is a
-- deal) and for deals (discovery, proposal, negotiation), whoever brought them. The owner is who answers for the stage,
-- not who once created the lead: an mql belongs to an SDR, a sal to an account executive. The nightly job should close
-- idle leads, but somebody can keep it from doing so. Today is the evening of 2024-12-31.

.headers on
.mode column
.nullvalue ''

-- The evenings to look at: today, and the ends of the three quarters before.
CREATE TEMP VIEW days(day) AS
  VALUES ('2024-03-31'), ('2024-06-30'), ('2024-09-30'), ('2024-12-31');

-- as_of shows the world of that evening: what was open then, and for how many days.
CREATE TEMP TABLE open_stages AS
  SELECT d.day, 'lead' AS what, f.entity AS id, f.stage_no, f.stage, f.entered_at, f.seconds_in_stage / 86400 AS days,
         e.owner
  FROM days AS d,
       funnel('stage_events(lead_id, entered_at, stage)', 'inquiry > mql > sal > sql',
              'exits=lost,disqualified,recycled; as_of=' || d.day || ' 23:59:59') AS f
  JOIN stage_events AS e ON e.event_id = f.event_id
  WHERE f.outcome = 'open'
  UNION ALL
  SELECT d.day, 'deal', f.entity, 3 + f.stage_no, f.stage, f.entered_at, f.seconds_in_stage / 86400, deals.owner
  FROM days AS d,
       funnel('deal_stage_events(deal_id, entered_at, stage)', 'discovery > proposal > negotiation > won',
              'exits=lost; as_of=' || d.day || ' 23:59:59') AS f
  JOIN deals ON deals.deal_id = f.entity
  WHERE f.outcome = 'open';

-- Where? Open today, and for longer than 30 days.
SELECT what, stage, count(*) AS open, sum(days > 30) AS too_long,
       printf('%5.1f %%', 100.0 * sum(days > 30) / count(*)) AS share,
       round(max(days)) AS longest_days, count(DISTINCT owner) FILTER (WHERE days > 30) AS owners
FROM open_stages
WHERE day = '2024-12-31'
GROUP BY stage_no, what, stage
ORDER BY stage_no;

-- By whom? Today, by owner, the stage in which most of them lie, and the deals among them in euros.
WITH by_stage AS (
  SELECT owner, stage, sum(days > 30) AS too_long,
         row_number() OVER (PARTITION BY owner ORDER BY sum(days > 30) DESC, stage) AS place
  FROM open_stages
  WHERE day = '2024-12-31'
  GROUP BY owner, stage
)
SELECT o.owner, t.role, count(*) AS open, sum(o.days > 30) AS too_long,
       printf('%5.1f %%', 100.0 * sum(o.days > 30) / count(*)) AS share, round(max(o.days)) AS longest_days,
       b.stage AS most_in, b.too_long AS of_these,
       CASE WHEN t.role <> 'sdr' THEN printf('%10.2f', total(d.amount) FILTER (WHERE o.days > 30)) END AS deals_worth
FROM open_stages AS o JOIN sales_team AS t USING (owner) JOIN by_stage AS b ON b.owner = o.owner AND b.place = 1
LEFT JOIN deals_eur AS d ON o.what = 'deal' AND d.deal_id = o.id
WHERE o.day = '2024-12-31'
GROUP BY o.owner
ORDER BY sum(o.days > 30) DESC, o.owner;

-- Is it getting worse? Open for too long at the end of each quarter, leads and deals, by owner.
SELECT owner,
       sum(days > 30) FILTER (WHERE day = '2024-03-31') AS march,
       sum(days > 30) FILTER (WHERE day = '2024-06-30') AS june,
       sum(days > 30) FILTER (WHERE day = '2024-09-30') AS september,
       sum(days > 30) FILTER (WHERE day = '2024-12-31') AS december
FROM open_stages
GROUP BY owner
ORDER BY december DESC, owner;

-- Where to start: the ten leads with most points that lie around today.
SELECT o.id AS lead_id, a.name AS account, o.stage, o.owner, o.entered_at, round(o.days) AS days, s.score
FROM open_stages AS o JOIN leads AS l ON l.lead_id = o.id JOIN accounts AS a USING (account_id)
JOIN (SELECT lead_id, last_touch(score, scored_at) AS score FROM score_log GROUP BY lead_id) AS s ON s.lead_id = o.id
WHERE o.what = 'lead' AND o.day = '2024-12-31' AND o.days > 30
ORDER BY s.score DESC, o.days DESC, o.id
LIMIT 10;

-- 9. Who rejects our MQLs, when and why?
--
-- Marketing hands over an mql, and then? It is accepted (sal), becomes an opportunity (sql) and is won; or it ends on
-- the way, with a disposition: disqualified or lost, with a reason; recycled after 30 days without progress; or
-- left lying, which is the same without anybody closing it. An mql that comes back after having been recycled is a new
-- one. Who rejected it is who answers for the stage in which it ended: SDRs for mql, account executives for sal and
-- sql. Every mql stands in exactly one line.

.headers on
.mode column
.nullvalue ''

-- Every stage that an mql was in, with its owner; the last one of each mql has the outcome won, exited or open.
CREATE TEMP TABLE stays AS
  SELECT f.entity AS lead_id, f.pass, f.pass_started_at AS mql_at, f.stage_no, f.stage, f.outcome, f.inferred,
         f.left_at, f.seconds_in_stage / 86400 AS days_in_stage, e.owner
  FROM funnel('stage_events(lead_id, entered_at, stage)', 'mql > sal > sql > won',
              'exits=lost,disqualified,recycled') AS f
  JOIN stage_events AS e ON e.event_id = f.event_id;

-- One row per mql: where it is now or where it ended, how, why, by whom, and how many days after it became an mql.
CREATE TEMP TABLE mqls AS
  SELECT s.lead_id, s.pass, s.mql_at, s.stage, s.owner, x.reason,
         CASE WHEN s.outcome = 'won' THEN 'won' WHEN s.outcome = 'exited' THEN x.stage
              WHEN s.stage <> 'sql' AND s.days_in_stage > 30 THEN 'left lying' ELSE 'open' END AS disposition,
         julianday(s.left_at) - julianday(s.mql_at) AS days
  FROM stays AS s
  LEFT JOIN stage_events AS x ON x.lead_id = s.lead_id AND x.entered_at = s.left_at
                             AND x.stage IN ('lost', 'disqualified', 'recycled')
  WHERE s.outcome <> 'advanced';

-- Why? The mqls that ended, by stage, disposition and reason, in percent of all mqls.
SELECT stage, disposition, reason, count(*) AS mqls,
       printf('%5.1f %%', 100.0 * count(*) / (SELECT count(*) FROM mqls)) AS of_all_mqls,
       round(avg(days), 1) AS days_after_mql
FROM mqls
WHERE disposition NOT IN ('won', 'open')
GROUP BY stage, disposition, reason
ORDER BY CASE stage WHEN 'mql' THEN 1 WHEN 'sal' THEN 2 ELSE 3 END, count(*) DESC, disposition, reason;

-- Who? For each owner and stage: the leads that are through with it, what became of them, and the rate of those that
-- were not passed on, with its bounds. Where the bounds of two owners overlap widely, the difference may be luck.
WITH through AS (
  SELECT s.stage_no, s.stage, s.owner, s.outcome = 'advanced' AS passed_on, m.disposition, m.reason
  FROM stays AS s JOIN mqls AS m USING (lead_id, pass)
  WHERE s.stage <> 'won' AND NOT s.inferred AND (s.outcome = 'advanced' OR m.disposition <> 'open')
),
whys AS (
  SELECT stage, owner, reason, row_number() OVER (PARTITION BY stage, owner ORDER BY count(*) DESC, reason) AS place
  FROM through WHERE NOT passed_on AND disposition IN ('disqualified', 'lost')
  GROUP BY stage, owner, reason
),
owners AS (
  SELECT stage_no, stage, owner, count(*) AS leads, sum(passed_on) AS passed_on,
         sum(NOT passed_on AND disposition IN ('disqualified', 'lost')) AS rejected,
         sum(NOT passed_on AND disposition = 'recycled') AS recycled,
         sum(NOT passed_on AND disposition = 'left lying') AS left_lying
  FROM through GROUP BY stage_no, stage, owner
)
SELECT o.stage, o.owner, o.leads, o.passed_on, o.rejected, o.recycled, o.left_lying,
       printf('%5.1f %%', 100.0 * (o.leads - o.passed_on) / o.leads) AS not_passed_on,
       printf('%5.1f %%', 100 * wilson_low(o.leads - o.passed_on, o.leads)) AS low,
       printf('%5.1f %%', 100 * wilson_high(o.leads - o.passed_on, o.leads)) AS high,
       w.reason AS most_often
FROM owners AS o LEFT JOIN whys AS w ON w.stage = o.stage AND w.owner = o.owner AND w.place = 1
ORDER BY o.stage_no, 1.0 * o.passed_on / o.leads, o.owner;

-- When? By quarter in which they became mqls: each line adds up to its mqls. Young quarters still have many open.
SELECT period_of(mql_at, 'quarter') AS quarter, count(*) AS mqls,
       sum(disposition = 'disqualified' AND stage = 'mql') AS rejected_by_sdr,
       sum(disposition = 'disqualified' AND stage = 'sal') AS rejected_by_sales,
       sum(disposition = 'lost') AS lost,
       sum(disposition = 'recycled') AS recycled,
       sum(disposition = 'left lying') AS left_lying,
       sum(disposition = 'open') AS open,
       sum(disposition = 'won') AS won,
       printf('%5.1f %%', 100.0 * sum(stage = 'mql' AND disposition <> 'open') / count(*)) AS never_accepted
FROM mqls
GROUP BY quarter
ORDER BY quarter;

-- And whose mqls are they? By the channel that opened the pass.
SELECT e.source AS channel, count(*) AS mqls, sum(m.disposition = 'disqualified') AS disqualified,
       sum(m.disposition IN ('recycled', 'left lying')) AS idle, sum(m.disposition = 'lost') AS lost,
       sum(m.disposition = 'open') AS open, sum(m.disposition = 'won') AS won,
       printf('%5.1f %%', 100.0 * sum(m.disposition = 'disqualified') / count(*)) AS disqualified_share
FROM mqls AS m JOIN stage_events AS e ON e.lead_id = m.lead_id AND e.stage = 'mql' AND e.entered_at = m.mql_at
GROUP BY e.source
ORDER BY 1.0 * sum(m.disposition = 'disqualified') / count(*) DESC, e.source;

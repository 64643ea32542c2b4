-- 11. What did the MQL definition change last spring do?
--
-- Until March 2024 a lead was an mql with 40 points, since April 2024 with 60. A plain chart of mqls over time compares
-- two different things. So every score is joined with the definition that was in force when it was reached, by
-- effective date; and the same leads are led through the same funnel twice, once under each definition.
-- Points are collected within a pass: when a lead is closed after 30 days without progress, it starts at 0 again.
-- One thing no query can know: sales never called the leads of 40 to 59 points that came after the change, and before
-- it nobody went on counting once a lead had been handed over.

.headers on
.mode column
.nullvalue ''

-- The definitions with the day on which each one ends.
CREATE TEMP VIEW definitions AS
  SELECT version, effective_from, lead(effective_from, 1, '9999-12-31') OVER (ORDER BY effective_from) AS effective_to,
         threshold, threshold || ' points' AS definition
  FROM mql_definitions;

-- Passes of leads as the CRM has them.
CREATE TEMP TABLE passes AS
  SELECT entity AS lead_id, pass, pass_started_at, furthest, left_at AS ended_at,
         lag(left_at, 1, '') OVER (PARTITION BY entity ORDER BY pass) AS closed_before
  FROM funnel('stage_events(lead_id, entered_at, stage)', 'inquiry > mql > sal > sql > won',
              'exits=lost,disqualified,recycled')
  WHERE outcome <> 'advanced';

-- The scores that belong to each pass: later than the end of the pass before, up to its own.
CREATE TEMP TABLE scores AS
  SELECT p.lead_id, p.pass, p.pass_started_at, p.furthest, s.scored_at, s.score
  FROM passes AS p JOIN score_log AS s USING (lead_id)
  WHERE s.scored_at > p.closed_before AND s.scored_at <= coalesce(p.ended_at, '9999');

-- When each pass became an mql: under either definition, and under the one in force at the time of the score. An mql
-- cannot be before its inquiry, which is written down some minutes after the response.
CREATE TEMP TABLE crossings AS
  SELECT d.definition, s.lead_id, s.pass, max(min(s.scored_at), s.pass_started_at) AS mql_at
  FROM scores AS s JOIN definitions AS d ON s.score >= d.threshold
  GROUP BY d.definition, s.lead_id, s.pass
  UNION ALL
  SELECT 'in force', s.lead_id, s.pass, max(min(s.scored_at), s.pass_started_at)
  FROM scores AS s
  JOIN definitions AS d ON s.scored_at >= d.effective_from AND s.scored_at < d.effective_to AND s.score >= d.threshold
  GROUP BY s.lead_id, s.pass;

-- Does this reproduce the CRM? Mqls by the definition in force, and how many of them the CRM has within the hour.
SELECT d.version, d.effective_from, d.threshold, count(*) AS mqls_by_rule, count(e.event_id) AS of_these_in_crm,
       (SELECT count(*) FROM stage_events
        WHERE stage = 'mql' AND entered_at >= d.effective_from AND entered_at < d.effective_to) AS mqls_in_crm
FROM crossings AS c JOIN definitions AS d ON c.mql_at >= d.effective_from AND c.mql_at < d.effective_to
LEFT JOIN stage_events AS e ON e.lead_id = c.lead_id AND e.stage = 'mql'
                           AND e.entered_at BETWEEN c.mql_at AND datetime(c.mql_at, '1 hour')
WHERE c.definition = 'in force'
GROUP BY d.version
ORDER BY d.version;

-- Every stage with the definition that was in force when it was entered; what is older than nine months before the
-- change is set apart.
CREATE TEMP VIEW own_definition AS
  SELECT e.lead_id, e.entered_at, e.stage,
         CASE WHEN e.entered_at < '2023-07-01' THEN 'earlier' ELSE d.definition END AS definition
  FROM stage_events AS e JOIN definitions AS d ON e.entered_at >= d.effective_from AND e.entered_at < d.effective_to;

-- Before and after, each under its own definition, nine months each, by the day of the mql. The rates count open leads
-- as undecided, so that the young mqls are not taken for lost; mql_to_won is what the three come to.
SELECT label AS definition, max(entered) FILTER (WHERE stage = 'mql') AS mqls,
       max(entered) FILTER (WHERE stage = 'sql') AS sqls_so_far,
       max(entered) FILTER (WHERE stage = 'won') AS won_so_far,
       printf('%5.1f %%', 100 * max(expected_rate) FILTER (WHERE stage = 'mql')) AS mql_to_sal,
       printf('%5.1f %%', 100 * max(expected_rate) FILTER (WHERE stage = 'sal')) AS sal_to_sql,
       printf('%5.1f %%', 100 * max(expected_rate) FILTER (WHERE stage = 'sql')) AS sql_to_won,
       printf('%5.1f %%', 100 * max(expected_rate) FILTER (WHERE stage = 'mql')
                              * max(expected_rate) FILTER (WHERE stage = 'sal')
                              * max(expected_rate) FILTER (WHERE stage = 'sql')) AS mql_to_won
FROM funnel_summary('own_definition(lead_id, entered_at, stage, definition)',
                    'mql > sal [30 days] > sql [30 days] > won', 'exits=lost,disqualified,recycled; by=label')
WHERE label <> 'earlier'
GROUP BY label;

-- The same leads under both definitions: each runs through the funnel once per definition, with its mql where that
-- definition puts it.
CREATE TEMP VIEW both_definitions AS
  SELECT d.version || '/' || e.lead_id AS lead, e.entered_at, e.stage,
         CASE WHEN e.entered_at >= '2024-04-01' THEN d.definition ELSE 'earlier' END AS definition
  FROM stage_events AS e CROSS JOIN definitions AS d WHERE e.stage <> 'mql'
  UNION ALL
  SELECT d.version || '/' || c.lead_id, c.mql_at, 'mql', c.definition
  FROM crossings AS c JOIN definitions AS d USING (definition);

-- The same funnel under both, all leads that came in since the change. order=strict lets nobody become an sql who was
-- no mql. Fewer mqls, the same sqls: sales was only given those of 60 points, so this shows the work that was saved,
-- not the business that was lost.
SELECT label AS definition, max(entered) FILTER (WHERE stage = 'inquiry') AS inquiries,
       max(entered) FILTER (WHERE stage = 'mql') AS mqls,
       printf('%5.1f %%', 100 * max(rate) FILTER (WHERE stage = 'inquiry')) AS of_inquiries,
       max(entered) FILTER (WHERE stage = 'sql') AS sqls,
       printf('%5.1f %%', 100 * max(overall_rate) FILTER (WHERE stage = 'sql')
                              / max(overall_rate) FILTER (WHERE stage = 'mql')) AS of_mqls,
       max(entered) FILTER (WHERE stage = 'won') AS won
FROM funnel_summary('both_definitions(lead, entered_at, stage, definition)', 'inquiry > mql > sal? > sql > won',
                    'exits=lost,disqualified,recycled; order=strict; by=label')
WHERE label <> 'earlier'
GROUP BY label;

-- Was it right? Before the change sales called both kinds. Mqls of that time by the points they were handed over with:
-- if those below 60 were worse, the new definition spares work; if not, it gives business away.
WITH handed_over AS (
  SELECT c.lead_id, c.pass, max(s.score) AS points, max(s.furthest) AS furthest
  FROM crossings AS c JOIN scores AS s USING (lead_id, pass)
  WHERE c.definition = 'in force' AND c.mql_at < '2024-04-01'
  GROUP BY c.lead_id, c.pass
)
SELECT CASE WHEN points < 60 THEN '40 to 59' ELSE '60 and more' END AS points, count(*) AS mqls,
       sum(furthest >= 3) AS sals, sum(furthest >= 4) AS sqls, sum(furthest = 5) AS won,
       printf('%5.1f %%', 100.0 * sum(furthest >= 4) / count(*)) AS sql_rate,
       printf('%5.1f %%', 100.0 * sum(furthest = 5) / count(*)) AS win_rate,
       printf('%5.1f %%', 100 * wilson_low(sum(furthest = 5), count(*))) AS low,
       printf('%5.1f %%', 100 * wilson_high(sum(furthest = 5), count(*))) AS high
FROM handed_over
GROUP BY points >= 60
ORDER BY points >= 60;

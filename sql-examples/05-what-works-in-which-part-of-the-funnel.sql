-- 5. What works in which part of the funnel?
--
-- A video may bring leads and close nothing; a workshop may close what others brought. So each step of a lead, inquiry
-- to mql to sal to sql to won, is credited apart, in equal parts to the touches that its account had since the stage
-- before: that is what reset=conversion does when every entry into a stage is a conversion. What came before has had
-- its credit. A skipped stage is no entry: an sql without sal looks back to the mql.
-- Leads that went nowhere are needed, too: a channel that is seen as often where leads end (disqualified, lost, or 30
-- days without progress, closed in the CRM or not) as where they go on is only busy.

.headers on
.mode column
.nullvalue ''

-- What happened to leads: entries into a stage, ends, and the ends that nobody recorded, 30 days after the last entry.
CREATE TEMP VIEW moves AS
  WITH happened AS (
    SELECT event_id, lead_id, entered_at, stage FROM stage_events
    UNION ALL
    SELECT -lead_id, lead_id, datetime(max(entered_at), '30 days'), 'left lying' FROM stage_events
    GROUP BY lead_id
    HAVING stage IN ('inquiry', 'mql', 'sal') AND datetime(max(entered_at), '30 days') <= '2024-12-31 23:59:59'
  )
  SELECT event_id, lead_id, entered_at, stage,
         lag(stage) OVER (PARTITION BY lead_id ORDER BY entered_at, event_id) AS from_stage
  FROM happened;

-- What the account of each lead did, as 'channel: offer'. With two leads at an account, a touch may help both on.
CREATE TEMP VIEW lead_touches AS
  SELECT l.lead_id, t.touched_at, t.offer FROM leads AS l JOIN offer_touches AS t USING (account_id);

-- Credit by offer of every move, with the stage that it came from. The inquiry itself has no stage before it.
CREATE TEMP TABLE credit AS
  SELECT m.stage, m.from_stage, m.stage IN ('mql', 'sal', 'sql', 'won') AS went_on, a.channel AS offer,
         substr(a.channel, 1, instr(a.channel || ': ', ': ') - 1) AS channel, a.credit
  FROM attribution('lead_touches(lead_id, touched_at, offer)', 'moves(lead_id, entered_at)', 'linear',
                   'reset=conversion; conversion_id=event_id') AS a
  JOIN moves AS m ON m.event_id = a.conversion_id
  WHERE m.stage <> 'inquiry';

-- Who made the step? Percent of each transition; the last row counts the transitions. (unattributed): nothing happened
-- in between, as for a first response with so many points that inquiry and mql are one.
WITH lines(line, channel, stage, part) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, stage, 100 * credit / n
  FROM credit JOIN (SELECT stage, sum(credit) AS n FROM credit WHERE went_on GROUP BY stage) USING (stage)
  WHERE went_on
  UNION ALL
  SELECT 3, 'transitions', stage, credit FROM credit WHERE went_on
)
SELECT channel,
       printf('%6.1f', total(part) FILTER (WHERE stage = 'mql')) AS to_mql,
       printf('%6.1f', total(part) FILTER (WHERE stage = 'sal')) AS to_sal,
       printf('%6.1f', total(part) FILTER (WHERE stage = 'sql')) AS to_sql,
       printf('%6.1f', total(part) FILTER (WHERE stage = 'won')) AS to_won
FROM lines
GROUP BY line, channel
ORDER BY line, channel;

-- Does it work? Of the credit that a channel has in a stage, the percentage where the lead went on and did not end
-- there. The first row is the average of all leads; what is above it helps, what is below it keeps busy. Empty: credit
-- for fewer than 20 leads, too few to tell.
WITH lines(line, channel, stage, credit, of_these_on) AS (
  SELECT 1, 'all leads', from_stage, credit, credit * went_on FROM credit
  UNION ALL
  SELECT 2 + (channel = '(unattributed)'), channel, from_stage, credit, credit * went_on FROM credit
),
rates AS (
  SELECT line, channel, stage,
         CASE WHEN sum(credit) >= 20 THEN printf('%5.1f %%', 100 * sum(of_these_on) / sum(credit)) END AS rate
  FROM lines
  GROUP BY line, channel, stage
)
SELECT channel,
       max(rate) FILTER (WHERE stage = 'inquiry') AS from_inquiry,
       max(rate) FILTER (WHERE stage = 'mql') AS from_mql,
       max(rate) FILTER (WHERE stage = 'sal') AS from_sal,
       max(rate) FILTER (WHERE stage = 'sql') AS from_sql
FROM rates
GROUP BY line, channel
ORDER BY line, channel;

-- The three offers with most credit in each transition.
WITH ranked AS (
  SELECT stage, offer, sum(credit) AS transitions,
         row_number() OVER (PARTITION BY stage ORDER BY sum(credit) DESC, offer) AS place
  FROM credit WHERE went_on AND offer <> '(unattributed)'
  GROUP BY stage, offer
)
SELECT 'to ' || stage AS transition, place, offer, printf('%6.1f', transitions) AS transitions
FROM ranked
WHERE place <= 3
ORDER BY CASE stage WHEN 'mql' THEN 1 WHEN 'sal' THEN 2 WHEN 'sql' THEN 3 ELSE 4 END, place;

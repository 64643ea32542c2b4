-- 34. Is the data fit to answer at all?
--
-- Before anybody quotes a number: what is wrong with the rows that it rests on? The audits read the relations as
-- the other functions do, with the same options, and list what those would refuse (error), skip or doubt
-- (warning), or what is worth knowing (note). What to do about the usual findings:
--   missing_entity      match these rows first (question 29), or say how many are left out;
--   duplicate           a form sent twice counts twice: give the functions a view with DISTINCT;
--   no_touches          leave the deal (unattributed); to spread it over the channels would invent an origin;
--   only_later_touches  the deal is older than its first touch: often a close typed as a date, which is its
--                       midnight, against touches with a time of day; let such a day end at 23:59:59;
--   missing_label       shows up as (none): say so in the report, do not add it to direct;
--   skipped_stage       somebody did not click: the stage is filled in, its own rate looks too good;
--   stale_pass          an open lead that nobody works: close it, or use recycle= and expected_rate.

.headers on
.mode column

CREATE TEMP TABLE findings AS
  SELECT 'attribution' AS audit, *
  FROM attribution_audit('touches(account_id, touched_at, channel, points)',
                         'won_deals(account_id, closed_at, amount, lead_created_at, opp_created_at)',
                         'conversion_id=deal_id; most=1000000')
  UNION ALL
  SELECT 'funnel', *
  FROM funnel_audit('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sal > sql > won',
                    'exits=lost,disqualified,recycled; most=1000000');

-- What was found, worst first. No error: nothing is refused, every question can be asked.
SELECT severity, audit, relation, finding, sum(rows) AS rows
FROM findings
WHERE finding <> 'summary'
GROUP BY severity, audit, relation, finding
ORDER BY CASE severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, audit, sum(rows) DESC, finding;

-- Is it much? Each against a limit of our own; change the limits in the last column but one. The deals without a
-- touch are no fault of the recording here, sales knew these accounts, but a tenth of the revenue has no channel.
WITH n(finding, found) AS (SELECT finding, count(*) FROM findings GROUP BY finding),
checks(line, what, bad, of, limit_percent) AS (
  SELECT 1, 'rows that functions refuse', (SELECT count(*) FROM findings WHERE severity = 'error'),
         (SELECT count(*) FROM touches) + (SELECT count(*) FROM won_deals) + (SELECT count(*) FROM stage_events), 0
  UNION ALL
  SELECT 2, 'touches without an account', (SELECT found FROM n WHERE finding = 'missing_entity'), count(*), 1
  FROM touches
  UNION ALL
  SELECT 3, 'touches recorded twice', (SELECT found FROM n WHERE finding = 'duplicate'), count(*), 0.5 FROM touches
  UNION ALL
  SELECT 4, 'won deals without a touch', (SELECT found FROM n WHERE finding = 'no_touches'), count(*), 5 FROM won_deals
  UNION ALL
  SELECT 5, 'euros won without a touch', total(amount) FILTER (
           WHERE deal_id IN (SELECT row_id FROM findings WHERE finding = 'no_touches')), sum(amount), 5
  FROM won_deals
  UNION ALL
  SELECT 6, 'leads that skipped a stage', (SELECT found FROM n WHERE finding = 'skipped_stage'), count(*), 5
  FROM stage_events WHERE stage = 'sql'
  UNION ALL
  SELECT 7, 'open leads that lie around', (SELECT found FROM n WHERE finding = 'stale_pass'), count(*), 20
  FROM leads WHERE stage IN ('inquiry', 'mql', 'sal', 'sql')
)
SELECT what, CASE line WHEN 5 THEN printf('%.2f', bad) ELSE coalesce(bad, 0) END AS bad,
       CASE line WHEN 5 THEN printf('%.2f', of) ELSE of END AS of,
       printf('%5.2f %%', 100.0 * coalesce(bad, 0) / of) AS percent,
       printf('%4.1f %%', limit_percent) AS "limit",
       iif(100.0 * coalesce(bad, 0) / of <= limit_percent, 'fit', 'mind it') AS verdict
FROM checks
ORDER BY line;

-- What the twins cost: revenue that moves from one channel to another once each form counts once (linear model).
-- Nothing here: none of them lies on the way to a won deal.
CREATE TEMP VIEW touches_once AS
  SELECT min(touch_id) AS touch_id, account_id, contact_id, touched_at, channel, offer
  FROM touches GROUP BY account_id, contact_id, touched_at, channel, offer;

SELECT count(*) AS channels, printf('%.2f', sum(abs(o.value - t.value)) / 2) AS euros_that_move,
       printf('%.2f', sum(t.value)) AS revenue
FROM attribution_summary('touches(account_id, touched_at, channel)',
                         'won_deals(account_id, closed_at, amount)') AS t
JOIN attribution_summary('touches_once(account_id, touched_at, channel)',
                         'won_deals(account_id, closed_at, amount)') AS o USING (channel);

-- The worst rows: the largest deals without a touch, for whoever knows where they came from.
SELECT w.deal_id, a.name AS account, w.owner, w.closed_at, printf('%.2f', w.amount) AS amount
FROM findings AS f JOIN won_deals AS w ON w.deal_id = f.row_id JOIN accounts AS a USING (account_id)
WHERE f.finding = 'no_touches'
ORDER BY w.amount DESC
LIMIT 5;

-- And where open leads lie that have not moved for longer than any lead took that went on: the five largest heaps,
-- by stage and who answers for it.
SELECT e.stage, e.owner, count(*) AS leads, min(date(e.entered_at)) AS oldest
FROM findings AS f JOIN stage_events AS e ON e.event_id = f.row_id
WHERE f.finding = 'stale_pass'
GROUP BY e.stage, e.owner
ORDER BY leads DESC, e.stage, e.owner
LIMIT 5;

-- A question can be wrong, too. Here somebody forgot that 'recycled' ends a pass: an audit with the options of
-- the question says so, in words, where the funnel would just show other numbers.
.mode list
SELECT severity, finding, sum(rows) AS rows, min(detail) AS for_example
FROM funnel_audit('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sal > sql > won',
                  'exits=lost,disqualified')
WHERE severity <> 'note'
GROUP BY severity, finding
ORDER BY severity, finding;

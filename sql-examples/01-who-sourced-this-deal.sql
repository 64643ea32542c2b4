-- 1. Who sourced this deal, originally, and who gets first touch now?
--
-- Sales says that partner brought deal 779, marketing operations says it was a personal email of 2023. Both can be
-- right. The original source is the first touch ever of the lead that became the deal, for good. But a lead that is
-- open for 30 days without progress is closed and leaves the funnel; when it responds again, that is a reopening, and
-- a new pass begins. The first touch of the current pass is the first one after the last reopening.
-- A pass ends here as an opportunity (sql, from then on the deal has a clock of its own), disqualified, or recycled
-- after 30 days without a new stage, at that very second: the CRM's nightly job comes later, or not at all.
-- A refund has the sources of the sale that it pays back, and counts as a deal with a negative amount. Walk-ins and
-- expansions have no lead, and no source.

.headers on
.mode column
.nullvalue ''

-- One row per lead and pass. closed_before: when the pass before it was closed; what comes later reopens the lead.
CREATE TEMP TABLE passes AS
  SELECT entity AS lead_id, pass, pass_started_at, stage AS furthest_stage,
         CASE outcome WHEN 'won' THEN 'opportunity' WHEN 'exited' THEN 'disqualified' ELSE outcome END AS outcome,
         coalesce(left_at, CASE outcome WHEN 'won' THEN entered_at END) AS ended_at,
         lag(left_at) OVER (PARTITION BY entity ORDER BY pass) AS closed_before
  FROM funnel('stage_events(lead_id, entered_at, stage)', 'inquiry > mql > sal > sql',
              'recycle=30 days; exits=lost,disqualified')
  WHERE outcome <> 'advanced';

-- What the person behind the lead did, ever; and from which pass on it counts.
CREATE TEMP VIEW lead_touches AS
  SELECT p.lead_id, p.pass, t.touched_at, t.channel, t.offer, t.touched_at > coalesce(p.closed_before, '') AS in_pass
  FROM passes AS p JOIN leads AS l USING (lead_id) JOIN touches AS t USING (contact_id);

-- The won deals, each with its two sources.
CREATE TEMP TABLE sourced AS
  SELECT w.deal_id, w.closed_at, w.amount_cents, d.lead_id, t.pass,
         coalesce(first_touch(t.channel, t.touched_at), '(no lead)') AS original,
         coalesce(first_touch(t.channel, t.touched_at) FILTER (WHERE t.in_pass), '(no lead)') AS this_pass
  FROM won_deals AS w JOIN deals AS d USING (deal_id)
  LEFT JOIN passes AS p ON p.lead_id = d.lead_id AND p.outcome = 'opportunity'
  LEFT JOIN lead_touches AS t ON t.lead_id = p.lead_id AND t.pass = p.pass
  GROUP BY w.deal_id;

-- The lead of deal 779, pass by pass, and the touch that each pass began with.
SELECT p.pass, min(t.touched_at) AS first_touch_at, first_touch(t.channel, t.touched_at) AS first_touch,
       first_touch(t.offer, t.touched_at) AS offer, p.furthest_stage, p.outcome, p.ended_at
FROM deals AS d JOIN passes AS p USING (lead_id) JOIN lead_touches AS t USING (lead_id, pass)
WHERE d.deal_id = 779 AND t.in_pass
GROUP BY p.pass
ORDER BY p.pass;

-- So: who sourced it, and who has first touch?
SELECT deal_id, closed_at, printf('%.2f', amount_cents / 100.0) AS amount, pass, original AS original_source,
       this_pass AS first_touch_of_this_pass
FROM sourced
WHERE deal_id = 779;

-- The same for all revenue, in euros. 'moved' is what a channel loses or wins when the pass counts and not the origin.
WITH lines(line, channel, deals_then, original, deals_now, this_pass) AS (
  SELECT 1 + (original = '(no lead)'), original, 1, amount_cents, 0, 0 FROM sourced
  UNION ALL
  SELECT 1 + (this_pass = '(no lead)'), this_pass, 0, 0, 1, amount_cents FROM sourced
  UNION ALL
  SELECT 3, 'total', 1, amount_cents, 1, amount_cents FROM sourced
  UNION ALL
  SELECT 4, 'revenue in the CRM', 1, amount_cents, 1, amount_cents FROM won_deals
)
SELECT channel, sum(deals_then) AS deals, printf('%11.2f', sum(original) / 100.0) AS original_source,
       sum(deals_now) AS deals_now, printf('%11.2f', sum(this_pass) / 100.0) AS first_touch_of_pass,
       printf('%10.2f', (sum(this_pass) - sum(original)) / 100.0) AS moved
FROM lines
GROUP BY line, channel
ORDER BY line, channel;

-- The deals behind it: by number of the pass in which they came, and how many of them changed hands.
SELECT coalesce(pass, 'no lead') AS pass, count(*) AS deals, sum(original <> this_pass) AS changed_hands,
       printf('%11.2f', sum(amount_cents) / 100.0) AS revenue,
       printf('%10.2f', total(amount_cents) FILTER (WHERE original <> this_pass) / 100) AS changed_hands_worth
FROM sourced
GROUP BY pass
ORDER BY pass IS NULL, pass;

-- All leads by pass. still_open_in_crm: closed by the rule, while nobody, or not yet, has closed them in the CRM.
SELECT p.pass, count(*) AS leads, sum(p.outcome = 'opportunity') AS opportunity,
       sum(p.outcome = 'disqualified') AS disqualified, sum(p.outcome = 'recycled') AS closed_after_30_days,
       sum(p.outcome = 'recycled' AND l.stage IN ('inquiry', 'mql', 'sal') AND later.pass IS NULL) AS still_open_in_crm,
       sum(later.pass IS NOT NULL) AS reopened, sum(p.outcome = 'open') AS open
FROM passes AS p JOIN leads AS l USING (lead_id)
LEFT JOIN passes AS later ON later.lead_id = p.lead_id AND later.pass = p.pass + 1
GROUP BY p.pass
ORDER BY p.pass;

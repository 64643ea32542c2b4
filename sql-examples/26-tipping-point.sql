-- 26. Tipping point: which response started the engagement?
--
-- Between a person's first response and the deal stands a moment at which sales takes over: here, when the lead
-- becomes an mql. The last response before it has tipped the scale. That is neither the first touch, which made
-- the person known, nor the last touch before the close, which sales' work has led to. Only responses of this very
-- person count: marketing touches that earn points, no calls. A lead that was closed and came back is engaged
-- anew, with a tipping point of its own.

.headers on
.mode column
.nullvalue ''

-- What counts as a response.
CREATE TEMP VIEW responses AS
  SELECT contact_id, touched_at, channel, offer, points, touch_id
  FROM touches
  WHERE type = 'marketing' AND points > 0;

-- Every engagement: the pass of a lead that came as far as the stage that begins it, and how far it came since.
-- Change mql to sal if it begins with sales' yes. A table, as it is joined below.
CREATE TEMP TABLE engagements AS
  SELECT f.entity AS lead_id, f.pass, l.contact_id, f.label AS source,
         max(CASE f.stage WHEN 'mql' THEN f.event_id END) AS engagement_id,
         max(CASE f.stage WHEN 'mql' THEN f.entered_at END) AS engaged_at,
         max(f.stage = 'sql') AS became_sql, max(f.outcome = 'won') AS was_won
  FROM funnel('stage_events(lead_id, entered_at, stage, source)', 'inquiry > mql > sal > sql > won',
              'exits=lost,disqualified,recycled') AS f
  JOIN leads AS l ON l.lead_id = f.entity
  GROUP BY f.entity, f.pass
  HAVING engaged_at IS NOT NULL;

-- The stage is the conversion, so its last touch is the tipping point.
CREATE TEMP TABLE tipping_points AS
  SELECT conversion_id AS engagement_id, touch_id, channel
  FROM attribution('responses(contact_id, touched_at, channel)', 'engagements(contact_id, engaged_at)',
                   'last_touch', 'conversion_id=engagement_id; touch_id=touch_id');

-- One person's story, responses and stages; change the number of the lead to see another.
SELECT r.touched_at AS at, r.channel, r.offer, r.points, '' AS stage,
       CASE WHEN r.touch_id IN (SELECT touch_id FROM tipping_points) THEN 'tipping point' ELSE '' END AS what
FROM leads AS l JOIN responses AS r USING (contact_id)
WHERE l.lead_id = 64
UNION ALL
SELECT entered_at, '', '', NULL, stage, coalesce(reason, '')
FROM stage_events
WHERE lead_id = 64
ORDER BY at;

-- Which channels open a pass, and which tip it? Passes that were engaged, by the channel that opened them and by
-- the channel of the tipping point; how often it is the same one.
WITH both_ways AS (
  SELECT e.source AS channel, 1 AS opened, 0 AS tipped, e.source = t.channel AS did_both
  FROM engagements AS e JOIN tipping_points AS t USING (engagement_id)
  UNION ALL
  SELECT channel, 0, 1, 0 FROM tipping_points
)
SELECT channel, sum(opened) AS opened, sum(tipped) AS tipped, sum(did_both) AS did_both,
       printf('%5.1f', 1.0 * sum(tipped) / nullif(sum(opened), 0)) AS tipped_per_opened
FROM both_ways
GROUP BY channel
ORDER BY sum(tipped) DESC, channel;

-- The offers that tip most often, and what became of these engagements up to today.
SELECT r.channel, r.offer, count(*) AS engagements, sum(e.became_sql) AS became_sql, sum(e.was_won) AS won,
       printf('%4.1f %%', 100.0 * sum(e.became_sql) / count(*)) AS sql_rate,
       printf('%4.1f %%', 100.0 * sum(e.was_won) / count(*)) AS won_rate
FROM engagements AS e JOIN tipping_points AS t USING (engagement_id) JOIN responses AS r USING (touch_id)
GROUP BY r.channel, r.offer
ORDER BY engagements DESC, r.channel, r.offer
LIMIT 10;

-- The same in revenue: here the engagement is a milestone of the deal, the last one before its opportunity.
-- Business without a lead (expansions, deals that walked in) has nobody who responded: NULL would be left out, so it
-- gets a person that does not exist, and stays in the table as unattributed.
CREATE TEMP VIEW won_by_person AS
  SELECT coalesce(l.contact_id, -w.deal_id) AS person, w.closed_at, w.amount,
         (SELECT max(e.engaged_at) FROM engagements AS e
          WHERE e.lead_id = d.lead_id AND e.engaged_at <= w.opp_created_at) AS engaged_at
  FROM won_deals AS w JOIN deals AS d USING (deal_id) LEFT JOIN leads AS l ON l.lead_id = d.lead_id;

-- Revenue per channel by the person's first response, the tipping point, and the last response before the close.
WITH credit AS (
  SELECT model, channel, value
  FROM attribution_summary('responses(contact_id, touched_at, channel)',
                           'won_by_person(person, closed_at, amount, engaged_at)',
                           'first_touch, milestone(1), last_touch', 'round=0.01')
),
side_by_side(line, channel, model, value) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, model, value FROM credit
  UNION ALL
  SELECT 3, 'total', model, value FROM credit
  UNION ALL
  SELECT 4, 'revenue in the CRM', model, amount FROM won_deals, (SELECT DISTINCT model FROM credit)
)
SELECT channel,
       printf('%11.2f', total(value) FILTER (WHERE model = 'first_touch')) AS first_response,
       printf('%11.2f', total(value) FILTER (WHERE model = 'milestone(1)')) AS tipping_point,
       printf('%11.2f', total(value) FILTER (WHERE model = 'last_touch')) AS last_response
FROM side_by_side
GROUP BY line, channel
ORDER BY line, total(value) FILTER (WHERE model = 'milestone(1)') DESC, channel;

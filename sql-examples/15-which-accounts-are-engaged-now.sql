-- 15. Which accounts in the ICP segment are engaged now, and did the campaign raise it?
--
-- The segment: accounts whose fit with the ideal customer profile is moderate or strong. Engagement: the points of
-- an account's touches, each worth half after 30 days, as they stood on a given day. An account with 20 or more
-- counts as engaged. In spring 2024 a campaign ran against a part of the segment; by lot, some of these target
-- accounts were kept from it. What changed at the reached accounts from its start on, less what changed at the
-- held-out accounts in the same time, is what the campaign did: the difference in differences. The rest of the
-- segment is no comparison: it was not drawn by lot, and many of its accounts came later.

.headers on
.mode column
.nullvalue '-'

-- Change the campaign, the days, the half-life and the cut-off here.
CREATE TEMP VIEW question AS
  SELECT 89 AS campaign_id, '2024-03-01' AS started, '2024-06-01' AS ended, '2024-12-31 23:59:59' AS today,
         '30 days' AS half_life, 20 AS cut_off;

-- The score of each account of the segment as of the start, the end and now. A touch later than the day does not
-- exist for its score. What the campaign's own ads add is known apart: nobody is better because we showed an ad.
CREATE TEMP TABLE scores AS
  SELECT a.account_id, a.name,
         CASE c.held_out WHEN 0 THEN 'reached' WHEN 1 THEN 'held out' ELSE 'not a target' END AS part,
         engagement_score(t.points, t.touched_at, q.started, q.half_life) AS at_start,
         engagement_score(t.points, t.touched_at, q.ended, q.half_life) AS at_end,
         engagement_score(t.points, t.touched_at, q.ended, q.half_life)
           FILTER (WHERE t.campaign_id IS NOT q.campaign_id) AS at_end_without,
         engagement_score(t.points, t.touched_at, q.today, q.half_life) AS today
  FROM question AS q JOIN accounts AS a
  LEFT JOIN campaign_targets AS c ON c.account_id = a.account_id AND c.campaign_id = q.campaign_id
  LEFT JOIN touches AS t ON t.account_id = a.account_id
  WHERE a.fit IN ('moderate', 'strong')
  GROUP BY a.account_id;

-- How many are engaged?
SELECT part, count(*) AS accounts,
       sum(at_start >= cut_off) AS engaged_at_start,
       sum(at_end >= cut_off) AS engaged_at_end,
       sum(s.today >= cut_off) AS engaged_now,
       printf('%4.1f %%', 100.0 * sum(s.today >= cut_off) / count(*)) AS share_now
FROM scores AS s JOIN question AS q
GROUP BY part
ORDER BY part DESC;

-- The ten that are engaged most, and what is open with them. Engaged and nothing open: somebody should call.
SELECT s.name, s.part, printf('%6.1f', s.at_start) AS at_start, printf('%6.1f', s.today) AS now,
       count(d.deal_id) AS open_deals, printf('%10.2f', total(d.amount)) AS open_pipeline
FROM scores AS s JOIN question AS q LEFT JOIN open_deals AS d ON d.account_id = s.account_id
WHERE s.today >= q.cut_off
GROUP BY s.account_id
ORDER BY s.today DESC, s.name
LIMIT 10;

-- Did the campaign raise it? Average scores. The last row is the difference between the two above it; under a
-- change it is the difference in differences. What reached accounts got for responding to the campaign's own ads is
-- in change_by_end; without_the_ads has it taken out, and tells what else they have done since.
WITH average AS (
  SELECT part, count(*) AS accounts, avg(at_start) AS at_start, avg(at_end) AS at_end,
         avg(at_end_without) AS at_end_without, avg(today) AS today
  FROM scores
  GROUP BY part
),
lines AS (
  SELECT * FROM average WHERE part <> 'not a target'
  UNION ALL
  SELECT 'difference', NULL, r.at_start - h.at_start, r.at_end - h.at_end,
         r.at_end_without - h.at_end_without, r.today - h.today
  FROM average AS r JOIN average AS h ON r.part = 'reached' AND h.part = 'held out'
)
SELECT part, accounts,
       printf('%6.2f', at_start) AS at_start, printf('%6.2f', at_end) AS at_end, printf('%6.2f', today) AS now,
       printf('%6.2f', at_end - at_start) AS change_by_end,
       printf('%6.2f', at_end_without - at_start) AS without_the_ads,
       printf('%6.2f', today - at_start) AS change_by_now
FROM lines
ORDER BY part = 'difference', part DESC;

-- Could that be chance? The share of engaged accounts, reached against held out.
CREATE TEMP VIEW lifts AS
  SELECT 1 AS line, 'at the start' AS as_of, lift(part = 'reached', at_start >= cut_off) AS result
  FROM scores JOIN question WHERE part <> 'not a target'
  UNION ALL
  SELECT 2, 'at the end', lift(part = 'reached', at_end >= cut_off)
  FROM scores JOIN question WHERE part <> 'not a target'
  UNION ALL
  SELECT 3, 'at the end, without the ads', lift(part = 'reached', at_end_without >= cut_off)
  FROM scores JOIN question WHERE part <> 'not a target'
  UNION ALL
  SELECT 4, 'today', lift(part = 'reached', s.today >= cut_off)
  FROM scores AS s JOIN question WHERE part <> 'not a target';

-- In percentage points, with the interval of the difference (95 %) and its p-value. At the start there should be no
-- difference, as the lot was drawn before; where the interval holds 0, the data cannot tell.
SELECT as_of,
       printf('%4.1f %%', 100 * json_extract(result, '$.treated_rate')) AS reached,
       printf('%4.1f %%', 100 * json_extract(result, '$.control_rate')) AS held_out,
       printf('%5.1f', 100 * json_extract(result, '$.lift')) AS percentage_points,
       printf('%5.1f', 100 * json_extract(result, '$.low')) AS low,
       printf('%5.1f', 100 * json_extract(result, '$.high')) AS high,
       printf('%.3f', json_extract(result, '$.p_value')) AS p_value
FROM lifts
ORDER BY line;

-- Pipeline of the segment: a deal that was there before the start and still undecided then is existing pipeline, a
-- deal created since is new; lost deals are none. Each deal once, per part.
CREATE TEMP VIEW pipeline AS
  SELECT d.deal_id, d.account_id, d.amount, d.created_at >= q.started AS is_new
  FROM deals_eur AS d JOIN question AS q
  WHERE d.kind <> 'refund' AND d.status <> 'lost'
    AND (d.created_at >= q.started OR d.closed_at >= q.started OR d.closed_at IS NULL);

-- What an average account has in existing and in new pipeline. A handful of large deals decides these averages: take
-- them for what there is, not for what the campaign did.
SELECT s.part, count(DISTINCT s.account_id) AS accounts,
       printf('%11.2f', total(p.amount) FILTER (WHERE NOT is_new)) AS existing,
       printf('%11.2f', total(p.amount) FILTER (WHERE is_new)) AS new,
       printf('%8.2f', total((NOT is_new) * p.amount) / count(DISTINCT s.account_id)) AS existing_per_account,
       printf('%8.2f', total(is_new * p.amount) / count(DISTINCT s.account_id)) AS new_per_account
FROM scores AS s LEFT JOIN pipeline AS p USING (account_id)
GROUP BY s.part
ORDER BY s.part DESC;

-- Pipeline by campaign: that of the accounts which responded to it during the campaign's three months. An account
-- that responded to several campaigns stands behind each of them.
CREATE TEMP VIEW reach AS
  WITH responded AS (
    SELECT DISTINCT t.campaign_id, t.account_id
    FROM touches AS t JOIN scores USING (account_id) JOIN question AS q
      ON t.touched_at >= q.started AND t.touched_at < q.ended
    WHERE t.points > 0
  )
  SELECT c.name AS campaign, r.account_id, p.deal_id, p.amount, p.is_new
  FROM responded AS r JOIN campaigns AS c USING (campaign_id) LEFT JOIN pipeline AS p USING (account_id);

-- The six with the most new pipeline. All campaigns added up count a deal as often as they touched its account; what
-- there is to report is the last row, where every deal counts once.
WITH lines(line, campaign, account_id, amount, is_new) AS (
  SELECT 1, campaign, account_id, amount, is_new FROM reach
  UNION ALL
  SELECT 2, 'all campaigns, added up', account_id, amount, is_new FROM reach
  UNION ALL
  SELECT 3, 'each deal once', account_id, amount, is_new
  FROM (SELECT DISTINCT account_id, deal_id, amount, is_new FROM reach)
),
ranked AS (
  SELECT line, campaign, count(DISTINCT account_id) AS accounts,
         total((NOT is_new) * amount) AS existing, total(is_new * amount) AS new,
         row_number() OVER (PARTITION BY line ORDER BY total(is_new * amount) DESC, campaign) AS place
  FROM lines
  GROUP BY line, campaign
)
SELECT campaign, accounts, printf('%11.2f', existing) AS existing, printf('%11.2f', new) AS new
FROM ranked
WHERE place <= 6
ORDER BY line, place;

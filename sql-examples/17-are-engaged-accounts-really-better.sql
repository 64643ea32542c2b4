-- 17. Are engaged accounts really better: win rate, deal size, velocity?
--
-- Engaged: the account's points, each worth half after 30 days, came to 60 or more on the day on which the deal was
-- created. Later touches must not count: a deal that is going well brings touches with it, and every winner would
-- look engaged. The comparison is fair only where like is compared with like: deals without a single touch before
-- them (sales knew the account from elsewhere) are kept apart, and larger accounts have more people and so more
-- points, so it is made within each segment, too. Only new business; a win rate counts decided deals.

.headers on
.mode column
.nullvalue '-'

-- Change the half-life and the cut-off here.
CREATE TEMP VIEW question AS SELECT '30 days' AS half_life, 60 AS cut_off;

-- Each deal with the score of its account as of its creation.
CREATE TEMP TABLE rated AS
  SELECT d.deal_id, a.segment, d.status, d.created_at, d.closed_at, d.amount,
         count(CASE WHEN t.touched_at <= d.created_at THEN 1 END) AS touches,
         engagement_score(t.points, t.touched_at, d.created_at, q.half_life) AS score, q.cut_off
  FROM question AS q JOIN deals_eur AS d JOIN accounts AS a USING (account_id)
  LEFT JOIN touches AS t ON t.account_id = d.account_id
  WHERE d.kind = 'new business'
  GROUP BY d.deal_id;

-- The parts that are compared.
CREATE TEMP VIEW compared AS
  SELECT *, CASE WHEN touches = 0 THEN 'no touch' WHEN score >= cut_off THEN 'engaged' ELSE 'not engaged' END AS part
  FROM rated;

-- Win rate and deal size. Amounts in euros, of won deals. At first sight engaged accounts win more often and buy for
-- half as much again; and whom sales knew already beats them all.
SELECT part, count(*) AS deals, sum(status = 'open') AS open, sum(status = 'won') AS won, sum(status = 'lost') AS lost,
       printf('%4.1f %%', 100.0 * sum(status = 'won') / sum(status <> 'open')) AS win_rate,
       printf('%9.2f', avg(amount) FILTER (WHERE status = 'won')) AS average_won
FROM compared
GROUP BY part
ORDER BY part;

-- Is the win rate really higher? Engaged less not engaged.
CREATE TEMP VIEW lifts AS
  SELECT 1 AS line, segment, lift(part = 'engaged', status = 'won') AS result
  FROM compared WHERE status <> 'open' AND part <> 'no touch' GROUP BY segment
  UNION ALL
  SELECT 2, 'all segments', lift(part = 'engaged', status = 'won')
  FROM compared WHERE status <> 'open' AND part <> 'no touch'
  UNION ALL
  SELECT 3, 'all, with deals without a touch', lift(part = 'engaged', status = 'won')
  FROM compared WHERE status <> 'open';

-- In percentage points, with the interval (95 %) and the p-value. Where the interval holds 0, the data cannot tell. The
-- last row is the trap: with the deals without a touch among the not engaged ones, half of the difference is gone.
SELECT segment, json_extract(result, '$.treated') AS engaged, json_extract(result, '$.control') AS not_engaged,
       printf('%4.1f %%', 100 * json_extract(result, '$.treated_rate')) AS engaged_win,
       printf('%4.1f %%', 100 * json_extract(result, '$.control_rate')) AS not_engaged_win,
       printf('%5.1f', 100 * json_extract(result, '$.lift')) AS lift,
       printf('%5.1f', 100 * json_extract(result, '$.low')) AS low,
       printf('%5.1f', 100 * json_extract(result, '$.high')) AS high,
       printf('%5.3f', json_extract(result, '$.p_value')) AS p_value
FROM lifts
ORDER BY line, segment;

-- The way of a deal, for the days from the creation to the win.
CREATE TEMP VIEW deal_path AS
  SELECT deal_id, created_at AS at, 'created' AS step, segment || ', ' || part AS label FROM compared
  UNION ALL
  SELECT deal_id, closed_at, status, segment || ', ' || part FROM compared WHERE status <> 'open';

-- Deal size and velocity within each segment; and euros per day of a deal, which puts it all together: win rate x
-- average deal / median days. Like with like, engaged accounts neither buy for much more nor faster: at first sight
-- they did because more of them are large.
SELECT c.segment, c.part, f.advanced AS won, printf('%9.2f', c.average_won) AS average_won,
       round(f.mean_days, 1) AS average_days, round(f.median_days, 1) AS median_days, round(f.p90_days, 1) AS p90_days,
       printf('%7.2f', c.win_rate * c.average_won / f.median_days) AS euros_per_day
FROM funnel_summary('deal_path(deal_id, at, step, label)', 'created > won', 'exits=lost; by=label') AS f
JOIN (SELECT segment, part, 1.0 * sum(status = 'won') / sum(status <> 'open') AS win_rate,
             avg(amount) FILTER (WHERE status = 'won') AS average_won
      FROM compared GROUP BY segment, part) AS c ON f.label = c.segment || ', ' || c.part
WHERE f.stage = 'created' AND c.part <> 'no touch'
ORDER BY c.segment, c.part;

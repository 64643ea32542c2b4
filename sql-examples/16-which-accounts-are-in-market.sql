-- 16. Which accounts are in market?
--
-- An account is qualified, as in market, if it passes four tests, all of them as of one evening:
--   - it fits: strong or moderate;
--   - the right people take part: at least one contact of strong fit was seen in the last 90 days;
--   - it is engaged: its marketing points, halved every 30 days, add up to at least 30;
--   - the tool that predicts buying stages sees it in Decision or Purchase.
-- All cut-offs are parameters: change them in the first view. The same rule is then judged by what followed an
-- earlier evening, and set beside a fitted model of fit, engagement and momentum (how much engagement has grown
-- within 30 days), with and without the stage.

.headers on
.mode column

CREATE TEMP VIEW cut_off(account_fit, contact_fit, contact_days, engagement, half_life, stage_1, stage_2) AS
  SELECT 1, 2, '-90 days', 30, '30 days', 'Decision', 'Purchase';

CREATE TEMP VIEW degree(fit, n) AS VALUES ('weak', 0), ('moderate', 1), ('strong', 2);

CREATE TEMP VIEW evenings(evening, role) AS
  VALUES ('2024-07-04 23:59:59', 'learn'), ('2024-10-02 23:59:59', 'test'), ('2024-12-31 23:59:59', 'today');

-- Engagement of every account on each evening and 30 days before it, and the best contact that was seen. Touches
-- after an evening do not exist for it; sales activities earn no points.
CREATE TEMP TABLE engaged AS
  SELECT v.role, v.evening, a.account_id, a.fit,
         engagement_score(t.points, t.touched_at, v.evening, c.half_life) AS engagement,
         engagement_score(t.points, t.touched_at, datetime(v.evening, '-30 days'), c.half_life) AS month_before,
         max(d.n) FILTER (WHERE t.type = 'marketing' AND t.touched_at <= v.evening
                            AND t.touched_at >= datetime(v.evening, c.contact_days)) AS contact_fit
  FROM evenings AS v JOIN cut_off AS c JOIN accounts AS a
  LEFT JOIN touches AS t USING (account_id)
  LEFT JOIN contacts AS p ON p.contact_id = t.contact_id
  LEFT JOIN degree AS d ON d.fit = p.fit
  GROUP BY v.evening, a.account_id;

-- With the stage of that evening (half-open: in on from_day, out on to_day), and whether a deal was won in the 90
-- days that followed. For today nobody knows yet.
CREATE TEMP TABLE known AS
  SELECT e.role, e.evening, e.account_id, d.n AS fit, engagement, engagement - month_before AS momentum,
         coalesce(contact_fit, -1) AS contact_fit, coalesce(s.stage, 'none') AS stage,
         CASE WHEN e.role <> 'today' THEN EXISTS (
           SELECT 1 FROM won_deals AS w WHERE w.account_id = e.account_id AND w.kind <> 'refund'
              AND w.closed_at > e.evening AND w.closed_at <= datetime(e.evening, '90 days')) END AS won
  FROM engaged AS e JOIN degree AS d USING (fit)
  LEFT JOIN account_stages AS s
    ON s.account_id = e.account_id AND s.from_day <= date(e.evening) AND coalesce(s.to_day, '9999') > date(e.evening);

-- The rule: each test, and all four.
CREATE TEMP TABLE tested AS
  SELECT *, fits AND people AND enough AND buying AS in_market
  FROM (SELECT k.*, k.fit >= c.account_fit AS fits, k.contact_fit >= c.contact_fit AS people,
               k.engagement >= c.engagement AS enough, k.stage IN (c.stage_1, c.stage_2) AS buying
        FROM known AS k JOIN cut_off AS c);

-- How many accounts pass, test after test.
SELECT evening, count(*) AS accounts, sum(fits) AS fit, sum(fits AND people) AS and_people,
       sum(fits AND people AND enough) AS and_engaged, sum(in_market) AS and_buying_stage
FROM tested
GROUP BY evening
ORDER BY evening;

-- Was the rule right 90 days ago? Share of accounts that won a deal in the 90 days after 2024-10-02: of those that
-- were in market, of the others, and the difference with its interval. The lines above take one test alone.
WITH rules(line, rule, lift) AS (
  SELECT 1, 'fit', lift(fits, won) FROM tested WHERE role = 'test'
  UNION ALL SELECT 2, 'people', lift(people, won) FROM tested WHERE role = 'test'
  UNION ALL SELECT 3, 'engagement', lift(enough, won) FROM tested WHERE role = 'test'
  UNION ALL SELECT 4, 'buying stage', lift(buying, won) FROM tested WHERE role = 'test'
  UNION ALL SELECT 5, 'in market: all four', lift(in_market, won) FROM tested WHERE role = 'test'
)
SELECT rule, json_extract(lift, '$.treated') AS accounts, json_extract(lift, '$.treated_converted') AS won,
       printf('%4.1f %%', 100 * json_extract(lift, '$.treated_rate')) AS rate,
       json_extract(lift, '$.control_converted') AS others_won,
       printf('%4.1f %%', 100 * json_extract(lift, '$.control_rate')) AS others_rate,
       printf('%4.1f', 100 * json_extract(lift, '$.lift')) AS lift,
       printf('%4.1f', 100 * json_extract(lift, '$.low')) AS low,
       printf('%4.1f', 100 * json_extract(lift, '$.high')) AS high
FROM rules
ORDER BY line;

-- The models: what the 90 days after 2024-07-04 have taught, as probabilities on the other evenings.
CREATE TEMP TABLE rated AS
  WITH model AS (
    SELECT logistic_fit(won, fit, engagement, momentum) AS plain,
           logistic_fit(won, fit, engagement, momentum, stage = 'Decision') AS with_stage
    FROM known WHERE role = 'learn'
  )
  SELECT t.*, logistic_predict(plain, fit, engagement, momentum) AS p_plain,
         logistic_predict(with_stage, fit, engagement, momentum, stage = 'Decision') AS p_stage
  FROM tested AS t JOIN model;

-- Rule and models side by side on 2024-10-02: each may name as many accounts as the rule has. How many of those
-- won, and how many of all that won does it find? auc judges the whole order, not just the top.
WITH placed AS (
  SELECT *, row_number() OVER (ORDER BY p_plain DESC, account_id) AS by_plain,
         row_number() OVER (ORDER BY p_stage DESC, account_id) AS by_stage, sum(in_market) OVER () AS places
  FROM rated WHERE role = 'test'
), choices(line, choice, named, won, auc) AS (
  SELECT 1, 'the rule', sum(in_market), sum(won AND in_market), auc(in_market, won) FROM placed
  UNION ALL
  SELECT 2, 'fit, engagement, momentum', sum(by_plain <= places), sum(won AND by_plain <= places), auc(p_plain, won)
  FROM placed
  UNION ALL
  SELECT 3, 'the same and Decision', sum(by_stage <= places), sum(won AND by_stage <= places), auc(p_stage, won)
  FROM placed
)
SELECT choice, named, won, printf('%4.1f %%', 100.0 * won / named) AS rate,
       printf('%4.1f %%', 100.0 * won / (SELECT sum(won) FROM placed)) AS found, printf('%.3f', auc) AS auc
FROM choices
ORDER BY line;

-- In market today, by stage. Those in Decision are in talks already, those in Purchase are customers: the rule
-- tells who is buying, not who will begin to.
SELECT stage, count(*) AS accounts, sum(talks) AS with_open_deal, sum(NOT talks) AS without,
       printf('%.1f', sum(p_stage)) AS expected_to_win
FROM (SELECT r.*, EXISTS (SELECT 1 FROM open_deals AS d WHERE d.account_id = r.account_id) AS talks
      FROM rated AS r WHERE role = 'today' AND in_market)
GROUP BY stage
ORDER BY stage;

-- The accounts in market today, the likeliest to buy first (by the model with the stage); the first fifteen.
SELECT r.account_id, a.name, a.fit, printf('%.1f', engagement) AS engagement, printf('%+.1f', momentum) AS momentum,
       stage, printf('%4.1f %%', 100 * p_stage) AS probability, a.owner,
       (SELECT count(*) FROM open_deals AS d WHERE d.account_id = r.account_id) AS open_deals
FROM rated AS r JOIN accounts AS a USING (account_id)
WHERE role = 'today' AND in_market
ORDER BY p_stage DESC, account_id
LIMIT 15;

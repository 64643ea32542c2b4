-- 3. How much revenue did marketing source, how much did it influence, against its 50 % goal? How much did sales?
--
-- 'Sourced' has three meanings, so there are three columns; a deal stands in each of them once, with its whole value,
-- for marketing, for sales (calls, emails and meetings of SDRs) or for neither:
--   original_source   the first touch ever of the lead that became the deal, for good
--   first_of_pass     the lead's first touch since it was last reopened (30 days without progress close it: question 1)
--   before_sales      somebody at the account met marketing before the first sales activity there, or the reverse
-- 'Influenced' is any touch of the account up to the close, 'accelerated' any touch between the creation of the
-- opportunity and the close. A deal counts once in each of these, too, but for marketing and for sales: they overlap,
-- so there is no total. The goal: half of the revenue is sourced by marketing.
-- A refund follows the sale that it pays back, in every column. Walk-ins and expansions have no lead, so neither side
-- sourced them by the first two columns; the account may have a first touch, so the third can know better.

.headers on
.mode column
.nullvalue ''

-- What was sold, without the refunds: they do not decide anything. A deal without a lead gets a key that no touch has.
CREATE TEMP VIEW sales AS
  SELECT w.deal_id, w.account_id, coalesce(d.lead_id, -w.deal_id) AS lead, w.closed_at, w.opp_created_at, w.amount
  FROM won_deals AS w JOIN deals AS d USING (deal_id)
  WHERE w.kind <> 'refund';

-- What was booked: sales and refunds, each with the sale that it belongs to, in cents.
CREATE TEMP VIEW booked AS
  SELECT coalesce(d.refund_of, w.deal_id) AS sale, substr(w.closed_at, 1, 4) AS year, w.amount_cents
  FROM won_deals AS w JOIN deals AS d USING (deal_id);

-- What the person behind each lead did, ever.
CREATE TEMP VIEW lead_touches AS
  SELECT l.lead_id, t.touched_at, t.type FROM leads AS l JOIN touches AS t USING (contact_id);

-- The same since the lead was last reopened before its opportunity.
CREATE TEMP VIEW pass_touches AS
  WITH passes AS (
    SELECT entity AS lead_id, outcome, lag(left_at) OVER (PARTITION BY entity ORDER BY pass) AS closed_before
    FROM funnel('stage_events(lead_id, entered_at, stage)', 'inquiry > mql > sal > sql',
                'recycle=30 days; exits=lost,disqualified')
    WHERE outcome <> 'advanced'
  )
  SELECT t.* FROM lead_touches AS t JOIN passes AS p USING (lead_id)
  WHERE p.outcome = 'won' AND t.touched_at > coalesce(p.closed_before, '');

-- Who claims which sale: one row per claim, sale and side.
CREATE TEMP TABLE claims AS
  SELECT 'original_source' AS claim, conversion_id AS sale, channel AS side
  FROM attribution('lead_touches(lead_id, touched_at, type)', 'sales(lead, closed_at, amount)', 'first_touch',
                   'conversion_id=deal_id')
  UNION ALL
  SELECT 'first_of_pass', conversion_id, channel
  FROM attribution('pass_touches(lead_id, touched_at, type)', 'sales(lead, closed_at, amount)', 'first_touch',
                   'conversion_id=deal_id')
  UNION ALL
  SELECT 'before_sales', conversion_id, channel
  FROM attribution('touches(account_id, touched_at, type)', 'sales(account_id, closed_at, amount)', 'first_touch',
                   'conversion_id=deal_id');

-- Under the model participation a sale has a row for every touch up to its close; each side counts once.
INSERT INTO claims
  SELECT DISTINCT 'influenced', conversion_id, channel
  FROM attribution('touches(account_id, touched_at, type)', 'sales(account_id, closed_at, amount)', 'participation',
                   'conversion_id=deal_id')
  UNION ALL
  SELECT DISTINCT 'accelerated', s.deal_id, t.type
  FROM sales AS s JOIN touches AS t ON t.account_id = s.account_id AND t.touched_at > s.opp_created_at
                                   AND t.touched_at <= s.closed_at;

-- The claims in money: what was booked of each sale, in the year in which it was booked.
CREATE TEMP VIEW claimed AS
  SELECT c.claim, b.year, b.amount_cents,
         CASE c.side WHEN 'marketing' THEN 'marketing' WHEN 'sales activity' THEN 'sales' ELSE 'neither' END AS side
  FROM claims AS c JOIN booked AS b USING (sale);

-- Both years, in euros. The sourced columns add up to the revenue in the CRM; the other two overlap: here both sides
-- have influenced the same deals, namely all that had any touch, so 'influenced' tells marketing from sales nowhere.
WITH lines(line, side, claim, c) AS (
  SELECT CASE side WHEN 'marketing' THEN 1 WHEN 'sales' THEN 2 ELSE 3 END, side, claim, amount_cents FROM claimed
  UNION ALL
  SELECT 4, 'total', claim, amount_cents FROM claimed WHERE claim NOT IN ('influenced', 'accelerated')
  UNION ALL
  SELECT 5, 'revenue in the CRM', claim, (SELECT sum(amount_cents) FROM won_deals)
  FROM (SELECT DISTINCT claim FROM claimed WHERE claim NOT IN ('influenced', 'accelerated'))
)
SELECT side,
       printf('%11.2f', total(c) FILTER (WHERE claim = 'original_source') / 100) AS original_source,
       printf('%11.2f', total(c) FILTER (WHERE claim = 'first_of_pass') / 100) AS first_of_pass,
       printf('%11.2f', total(c) FILTER (WHERE claim = 'before_sales') / 100) AS before_sales,
       CASE WHEN line < 3 THEN printf('%11.2f', total(c) FILTER (WHERE claim = 'influenced') / 100) END AS influenced,
       CASE WHEN line < 3 THEN printf('%11.2f', total(c) FILTER (WHERE claim = 'accelerated') / 100) END AS accelerated
FROM lines
GROUP BY line, side
ORDER BY line;

-- The same in percent of the revenue, by year of the booking.
WITH years AS (
  SELECT year, sum(amount_cents) AS revenue FROM booked GROUP BY year
  UNION ALL
  SELECT 'both', sum(amount_cents) FROM booked
)
SELECT y.year, c.side,
       printf('%5.1f %%', 100 * total(amount_cents) FILTER (WHERE claim = 'original_source') / revenue) AS original,
       printf('%5.1f %%', 100 * total(amount_cents) FILTER (WHERE claim = 'first_of_pass') / revenue) AS first_of_pass,
       printf('%5.1f %%', 100 * total(amount_cents) FILTER (WHERE claim = 'before_sales') / revenue) AS before_sales,
       printf('%5.1f %%', 100 * total(amount_cents) FILTER (WHERE claim = 'influenced') / revenue) AS influenced,
       printf('%5.1f %%', 100 * total(amount_cents) FILTER (WHERE claim = 'accelerated') / revenue) AS accelerated
FROM years AS y JOIN claimed AS c ON y.year IN (c.year, 'both')
WHERE c.side <> 'neither'
GROUP BY y.year, c.side
ORDER BY y.year, c.side;

-- Marketing against its goal of 50 %, rounded up to the cent: what it sourced, and by how much it is above or below.
WITH years AS (
  SELECT year, (sum(amount_cents) + 1) / 2 AS goal FROM booked GROUP BY year
  UNION ALL
  SELECT 'both', (sum(amount_cents) + 1) / 2 FROM booked
)
SELECT y.year, c.claim AS sourced_by, printf('%11.2f', sum(c.amount_cents) / 100.0) AS sourced,
       printf('%10.2f', y.goal / 100.0) AS goal,
       printf('%+11.2f', (sum(c.amount_cents) - y.goal) / 100.0) AS above_goal
FROM years AS y JOIN claimed AS c ON y.year IN (c.year, 'both')
WHERE c.side = 'marketing' AND c.claim IN ('original_source', 'first_of_pass', 'before_sales')
GROUP BY y.year, c.claim
ORDER BY y.year, c.claim DESC;

-- 31. New customers: what is a cohort worth, by quarter and by channel of acquisition?
--
-- An account is a new customer in the quarter in which its first deal was won, and stays in that cohort for
-- good. It was acquired by the channel of its first touch ever; one that sales knew from elsewhere, without a
-- touch before that deal, is (unattributed). Its lifetime value is all it has paid up to today: the first deal,
-- further deals and expansions, refunds taken off. A customer who got all the money back is still counted as
-- acquired. Each euro belongs to one customer and each customer to one cohort, so every table adds up to the
-- revenue in the CRM.

.headers on
.mode column

CREATE TEMP VIEW first_deals(account_id, acquired_at) AS
  SELECT account_id, min(closed_at) FROM won_deals WHERE kind <> 'refund' GROUP BY account_id;

-- One row per customer: cohort and channel.
CREATE TEMP TABLE customers AS
  SELECT entity AS account_id, channel, converted_at AS acquired_at,
         period_of(converted_at, 'quarter') AS cohort,
         4 * substr(converted_at, 1, 4) + (substr(converted_at, 6, 2) + 2) / 3 AS quarter_no
  FROM attribution('touches(account_id, touched_at, channel)', 'first_deals(account_id, acquired_at)', 'first_touch');

-- One row per payment: how many quarters after the one of acquisition it was booked.
CREATE TEMP TABLE payments AS
  SELECT c.*, w.deal_id, w.amount_cents,
         CASE WHEN w.kind = 'refund' THEN 'back' WHEN w.closed_at = c.acquired_at THEN 'first' ELSE 'more' END AS part,
         4 * substr(w.closed_at, 1, 4) + (substr(w.closed_at, 6, 2) + 2) / 3 - c.quarter_no AS later
  FROM customers AS c JOIN won_deals AS w USING (account_id);

-- By cohort: what it has paid in its first quarter, by the end of the next, of the second, of the fourth, and up
-- to today; then per customer. Blank: that quarter has not ended yet. Compare cohorts within a column: the last
-- two favour the old ones, who have had more time.
WITH cohorts AS (
  SELECT cohort, min(quarter_no) AS quarter_no, count(*) AS customers FROM customers GROUP BY cohort
), lines(line, cohort, customers, age, later, euros) AS (
  SELECT 1, cohort, customers, 4 * 2024 + 4 - c.quarter_no, later, amount_cents / 100.0
  FROM cohorts AS c JOIN payments USING (cohort)
  UNION ALL
  SELECT 2, 'total', (SELECT count(*) FROM customers), 0, later, amount_cents / 100.0 FROM payments
  UNION ALL
  SELECT 3, 'revenue in the CRM', NULL, NULL, NULL, amount FROM won_deals
)
SELECT cohort, customers,
       CASE WHEN age >= 0 THEN printf('%.2f', total(euros) FILTER (WHERE later = 0)) ELSE '' END AS first_quarter,
       CASE WHEN age >= 1 THEN printf('%.2f', total(euros) FILTER (WHERE later <= 1)) ELSE '' END AS plus_1,
       CASE WHEN age >= 2 THEN printf('%.2f', total(euros) FILTER (WHERE later <= 2)) ELSE '' END AS plus_2,
       CASE WHEN age >= 4 THEN printf('%.2f', total(euros) FILTER (WHERE later <= 4)) ELSE '' END AS plus_4,
       printf('%.2f', sum(euros)) AS lifetime_value,
       CASE WHEN customers THEN printf('%.2f', sum(euros) / customers) ELSE '' END AS per_customer
FROM lines
GROUP BY line, cohort
ORDER BY line, cohort;

-- By channel of acquisition: the first deals, what came on top of them, what went back, and how many customers
-- bought more than once. Few customers per channel, and a single large deal moves the average.
WITH lines(line, channel, account_id, part, euros) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, account_id, part, amount_cents / 100.0 FROM payments
  UNION ALL
  SELECT 3, 'total', account_id, part, amount_cents / 100.0 FROM payments
)
SELECT channel, count(DISTINCT account_id) AS customers,
       count(DISTINCT account_id) FILTER (WHERE part = 'more') AS bought_more,
       printf('%.2f', total(euros) FILTER (WHERE part = 'first')) AS first_deals,
       printf('%.2f', total(euros) FILTER (WHERE part = 'more')) AS more,
       printf('%.2f', total(euros) FILTER (WHERE part = 'back')) AS paid_back,
       printf('%.2f', total(euros)) AS lifetime_value,
       printf('%.2f', total(euros) / count(DISTINCT account_id)) AS per_customer
FROM lines
GROUP BY line, channel
ORDER BY line, total(euros) DESC, channel;

-- Both at once: lifetime value by channel and cohort, in thousands of euros.
WITH lines(line, channel, cohort, euros) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, cohort, amount_cents / 100.0 FROM payments
  UNION ALL
  SELECT 3, 'total', cohort, amount_cents / 100.0 FROM payments
)
SELECT channel, printf('%6.1f', total(euros) FILTER (WHERE cohort = '2023-Q1') / 1000) AS "2023-Q1",
       printf('%6.1f', total(euros) FILTER (WHERE cohort = '2023-Q2') / 1000) AS "2023-Q2",
       printf('%6.1f', total(euros) FILTER (WHERE cohort = '2023-Q3') / 1000) AS "2023-Q3",
       printf('%6.1f', total(euros) FILTER (WHERE cohort = '2023-Q4') / 1000) AS "2023-Q4",
       printf('%6.1f', total(euros) FILTER (WHERE cohort = '2024-Q1') / 1000) AS "2024-Q1",
       printf('%6.1f', total(euros) FILTER (WHERE cohort = '2024-Q2') / 1000) AS "2024-Q2",
       printf('%6.1f', total(euros) FILTER (WHERE cohort = '2024-Q3') / 1000) AS "2024-Q3",
       printf('%6.1f', total(euros) FILTER (WHERE cohort = '2024-Q4') / 1000) AS "2024-Q4",
       printf('%7.1f', total(euros) / 1000) AS total
FROM lines
GROUP BY line, channel
ORDER BY line, channel;

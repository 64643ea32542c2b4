-- 10. Do marketing's numbers match the CRM's?
--
-- Two comparisons. First marketing's own list of won deals against the CRM, deal by deal and to the cent, from both
-- sides: deals that only one of them has, and deals with two amounts. Then every model that can divide these deals:
-- whatever the rule, the parts of a deal must add up to the deal, and all deals to the revenue in the CRM.
-- Euros, at the rate of the month of the close; a refund is a deal with a negative amount.

.headers on
.mode column
.nullvalue ''

-- The full outer join, on any SQLite: the deals of the report with what the CRM says of them, and under them the won
-- deals that the report does not know. crm_cents is empty where the CRM has no won deal of that number.
CREATE TEMP TABLE compared AS
  SELECT m.deal_id, m.amount_cents AS report_cents, w.amount_cents AS crm_cents, d.kind, d.status
  FROM marketing_report AS m LEFT JOIN won_deals AS w USING (deal_id) LEFT JOIN deals AS d USING (deal_id)
  UNION ALL
  SELECT w.deal_id, NULL, w.amount_cents, w.kind, 'won'
  FROM won_deals AS w LEFT JOIN marketing_report AS m USING (deal_id)
  WHERE m.deal_id IS NULL;

-- What is wrong with each deal, and by how many cents the report is above the CRM.
CREATE TEMP VIEW judged AS
  SELECT deal_id, kind, report_cents, crm_cents, coalesce(report_cents, 0) - coalesce(crm_cents, 0) AS above,
         CASE WHEN report_cents = crm_cents THEN 'the same'
              WHEN crm_cents IS NULL THEN 'reported, but ' || status || ' in the CRM'
              WHEN report_cents IS NULL AND kind = 'refund' THEN 'a refund that the report does not know'
              WHEN report_cents IS NULL THEN 'won, but not reported'
              WHEN abs(report_cents - crm_cents) <= 1 THEN 'one cent'
              WHEN report_cents = crm_cents * 119 / 100 THEN 'reported with 19 % tax'
              ELSE 'another amount' END AS finding
  FROM compared;

-- From marketing's total to the CRM's, step by step: start with the report, take off what is wrong, arrive at the CRM.
SELECT line, deals, printf('%12.2f', cents / 100.0) AS euros
FROM (
  SELECT 1 AS step, 'marketing''s report' AS line, count(*) AS deals, sum(amount_cents) AS cents FROM marketing_report
  UNION ALL
  SELECT 2, finding, count(*), -sum(above) FROM judged WHERE finding <> 'the same' GROUP BY finding
  UNION ALL
  SELECT 3, 'corrected', sum(crm_cents IS NOT NULL), sum(coalesce(report_cents, 0) - above) FROM judged
  UNION ALL
  SELECT 4, 'revenue in the CRM', count(*), sum(amount_cents) FROM won_deals
)
ORDER BY step, line;

-- Every deal that differs. euros_above: the report minus the CRM.
SELECT j.deal_id, a.name AS account, j.kind,
       CASE WHEN j.report_cents IS NOT NULL THEN printf('%10.2f', j.report_cents / 100.0) END AS in_report,
       CASE WHEN j.crm_cents IS NOT NULL THEN printf('%10.2f', j.crm_cents / 100.0) END AS in_crm,
       printf('%+10.2f', j.above / 100.0) AS euros_above, j.finding
FROM judged AS j JOIN deals USING (deal_id) JOIN accounts AS a USING (account_id)
WHERE j.finding <> 'the same'
ORDER BY j.finding, j.deal_id;

-- The models. Credit per model and deal, in cents. claims: how often a deal is given away; 1, but under participation
-- once to every channel that had a part in it.
CREATE TEMP TABLE parts AS
  SELECT model, conversion_id AS deal_id, CAST(round(sum(credit)) AS INTEGER) AS claims,
         sum(CAST(round(100 * value) AS INTEGER)) AS cents,
         sum(CAST(round(100 * value) AS INTEGER) * (channel = '(unattributed)')) AS unattributed_cents
  FROM attribution('touches(account_id, touched_at, channel, points)',
                   'won_deals(account_id, closed_at, amount, lead_created_at, opp_created_at)',
                   'all, custom(.5, .3, .2), markov, shapley', 'lookback=180 days; round=0.01; conversion_id=deal_id')
  GROUP BY model, conversion_id;

-- Marketing's total beside the CRM's, for every model; each deal once. given_away: what the channels claim together,
-- which is more than there is under participation alone. unattributed: deals without a touch in the 180 days, and for
-- milestones those without a lead, too. deals_that_differ: a total can be right by chance, every single deal cannot.
SELECT p.model, count(*) AS deals, printf('%12.2f', sum(p.cents) / 100.0) AS given_away,
       printf('%10.2f', sum(p.unattributed_cents) / 100.0) AS unattributed,
       printf('%11.2f', sum(p.cents / p.claims) / 100.0) AS marketing_total,
       printf('%11.2f', (SELECT sum(amount_cents) FROM won_deals) / 100.0) AS crm_total,
       printf('%.2f', (sum(p.cents / p.claims) - (SELECT sum(amount_cents) FROM won_deals)) / 100.0) AS difference,
       sum(p.cents <> p.claims * w.amount_cents) AS deals_that_differ
FROM parts AS p JOIN won_deals AS w USING (deal_id)
GROUP BY p.model
ORDER BY p.model;

-- Month by month: credit by channel against the books. The largest difference of any month, in cents, over 24 months.
WITH months AS (
  SELECT model, period AS month, sum(CAST(round(100 * value) AS INTEGER)) AS cents
  FROM attribution_summary('touches(account_id, touched_at, channel, points)',
                           'won_deals(account_id, closed_at, amount, lead_created_at, opp_created_at)',
                           'all, custom(.5, .3, .2), markov, shapley', 'lookback=180 days; round=0.01; period=month')
  WHERE model <> 'participation'
  GROUP BY model, period
)
SELECT count(DISTINCT m.model) AS models, count(DISTINCT r.month) AS months, count(*) AS compared,
       sum(m.cents = CAST(round(100 * r.amount) AS INTEGER)) AS equal,
       max(abs(m.cents - CAST(round(100 * r.amount) AS INTEGER))) AS largest_difference_in_cents
FROM revenue AS r LEFT JOIN months AS m USING (month);

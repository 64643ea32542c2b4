-- The questions on real leads: sellers who asked to join a marketplace, June 2017 to November 2018.
--
-- The data is published by Olist ("Marketing Funnel by Olist", Kaggle, CC BY-NC-SA 4.0) and is not part of
-- this project. Fetch its two files, and import them as they are; everything is TEXT then, which will do:
--
--   sqlite3 olist.db '.import --csv olist_marketing_qualified_leads_dataset.csv leads' \
--                    '.import --csv olist_closed_deals_dataset.csv deals'
--   sqlite3 olist.db '.load build/attribution' '.read sql-examples/olist/leads-of-a-marketplace.sql'

.headers on
.mode column

CREATE TEMP VIEW funnel_events AS
  SELECT mql_id, first_contact_date AS at, 'mql' AS stage, coalesce(nullif(origin, ''), '(none)') AS origin FROM leads
  UNION ALL
  SELECT d.mql_id, d.won_date, 'won', coalesce(nullif(l.origin, ''), '(none)')
  FROM deals AS d JOIN leads AS l USING (mql_id);

-- 34. Is the data fit to answer? What the other functions skip or stumble over, counted.
SELECT severity, finding, relation, row_id, detail
FROM attribution_audit('leads(mql_id, first_contact_date, origin)', 'deals(mql_id, won_date)')
WHERE finding <> 'missing_label'
ORDER BY severity DESC, finding, relation;

-- 4. Which origin has won the sellers? Every won deal has one lead, so all models agree here. One deal was won
-- before its first contact: (unattributed).
SELECT a.channel, CAST(a.conversions AS INTEGER) AS won, l.leads,
       round(100.0 * a.conversions / l.leads, 1) AS percent,
       round(100 * wilson_low(a.conversions, l.leads), 1) AS low,
       round(100 * wilson_high(a.conversions, l.leads), 1) AS high
FROM attribution_summary('leads(mql_id, first_contact_date, origin)', 'deals(mql_id, won_date)') AS a
LEFT JOIN (SELECT coalesce(nullif(origin, ''), '(none)') AS origin, count(*) AS leads FROM leads GROUP BY 1) AS l
  ON l.origin = a.channel
ORDER BY a.conversions DESC, a.channel;

-- 7. The funnel by quarter of the first contact: how many have joined, how many will, and how long it took.
SELECT period, entered AS leads, advanced AS won, round(100 * rate, 1) AS percent,
       round(100 * expected_rate, 1) AS in_the_end, round(median_days, 1) AS median_days, round(p90_days, 1) AS p90_days
FROM funnel_summary('funnel_events(mql_id, at, stage)', 'mql > won', 'period=quarter')
WHERE stage = 'mql'
ORDER BY period;

-- 6. How long is it worth to wait? The share that has joined 30, 90, 180 and 360 days after the first contact.
CREATE TEMP VIEW subjects AS
  SELECT l.mql_id, l.first_contact_date, d.won_date, NULL AS closed_at,
         coalesce(nullif(l.origin, ''), '(none)') AS origin
  FROM leads AS l LEFT JOIN deals AS d USING (mql_id);

SELECT label AS origin, CAST(days AS INTEGER) AS days, at_risk, round(100 * conversion, 2) AS percent,
       round(100 * low, 1) AS low, round(100 * high, 1) AS high
FROM conversion_curve('subjects(mql_id, first_contact_date, won_date, closed_at, origin)', 'step=30 days; by=label')
WHERE days IN (30, 90, 180, 360) AND label IN ('organic search', 'paid search', 'social')
ORDER BY label, days;

-- 17. Is paid search really better than social? Leads of 2018, won within 90 days of the first contact, and only
-- those that have had 90 days.
SELECT json_extract(l, '$.treated') AS paid_search, json_extract(l, '$.control') AS social,
       round(100 * json_extract(l, '$.treated_rate'), 2) AS paid_percent,
       round(100 * json_extract(l, '$.control_rate'), 2) AS social_percent,
       round(100 * json_extract(l, '$.lift'), 2) AS points, round(100 * json_extract(l, '$.low'), 2) AS low,
       round(100 * json_extract(l, '$.high'), 2) AS high, printf('%.1e', json_extract(l, '$.p_value')) AS p_value
FROM (SELECT lift(origin = 'paid search', coalesce(julianday(won_date) - julianday(first_contact_date) <= 90, 0)) AS l
      FROM subjects
      WHERE origin IN ('paid search', 'social')
        AND first_contact_date >= '2018-01-01' AND julianday(first_contact_date) <= julianday('2018-11-14') - 90);

-- 18. Would a score by origin and landing page have found the good leads? Fitted on the leads of January to March
-- 2018, tried on those of April and May: 0.5 is a coin, 1 is perfect.
CREATE TEMP VIEW scored AS
  SELECT l.first_contact_date AS day, l.won_date IS NOT NULL AS won, l.origin = 'paid search' AS paid,
         l.origin = 'organic search' AS organic, l.origin = 'social' AS social,
         l.origin IN ('(none)', 'unknown') AS unknown,
         m.landing_page_id = '22c29808c4f815213303f8933030604c' AS page_a,
         m.landing_page_id = 'b76ef37428e6799c421989521c0e5077' AS page_b
  FROM subjects AS l JOIN leads AS m USING (mql_id);

WITH model AS (
  SELECT logistic_fit(won, paid, organic, social, unknown, page_a, page_b) AS fitted
  FROM scored WHERE day BETWEEN '2018-01-01' AND '2018-03-31')
SELECT count(*) AS leads, sum(won) AS won, round(auc(p, won), 3) AS auc, round(avg((p - won) * (p - won)), 4) AS brier,
       round(avg(p), 3) AS mean_p, round(avg(won), 3) AS rate
FROM (SELECT logistic_predict(fitted, paid, organic, social, unknown, page_a, page_b) AS p, won
      FROM scored, model WHERE day BETWEEN '2018-04-01' AND '2018-05-31');

-- 14. What did each campaign cost per engaged account, per opportunity, per pipeline euro? ROAS, CAC?
--
-- Money is spent by campaign and month, results come from touches and deals. The two meet only as sums over the
-- same period: joined touch by touch, a campaign's spend would be counted once for every touch of it. So spend is
-- what was spent in the period, whatever it brought; and results are what came about in the period, whichever
-- campaign, old or new, had a part in it. Deals are divided equally over the touches of the 180 days before
-- (linear): campaigns share them, nothing is counted twice. Where nothing was spent, a cost or a return has no
-- meaning and is left empty: direct visits were not paid for, and older campaigns were paid for before.

.headers on
.mode column
.nullvalue '-'

-- Change the period here, in whole months as spend is known by month; both days are included.
CREATE TEMP VIEW period AS SELECT '2024-07-01' AS first_day, '2024-12-31' AS last_day;

-- Touches named by their campaign; those whose campaign was over before the period stay together.
CREATE TEMP VIEW campaign_touches AS
  SELECT t.account_id, t.touched_at, t.points,
         CASE WHEN c.ends_on < p.first_day THEN '(older campaigns)' ELSE c.name END AS campaign
  FROM touches AS t JOIN campaigns AS c USING (campaign_id) JOIN period AS p;

-- What came about in the period. Opportunities: deals that were created; only what is not lost is pipeline.
CREATE TEMP VIEW opportunities AS
  SELECT account_id, created_at, CASE WHEN status = 'lost' THEN 0 ELSE amount END AS pipeline
  FROM deals_eur JOIN period ON date(created_at) BETWEEN first_day AND last_day
  WHERE kind <> 'refund';

-- Revenue, refunds taken off.
CREATE TEMP VIEW booked AS
  SELECT account_id, closed_at, amount
  FROM won_deals JOIN period ON date(closed_at) BETWEEN first_day AND last_day;

-- New customers: the first deal that an account ever won.
CREATE TEMP VIEW new_customers AS
  SELECT account_id, first_won_at
  FROM (SELECT account_id, min(closed_at) AS first_won_at FROM won_deals GROUP BY account_id)
  JOIN period ON date(first_won_at) BETWEEN first_day AND last_day;

-- An account is engaged by a campaign when it responded to it in the period: with a touch that earns points.
-- Being called by sales is no response, unsubscribing is no interest.
CREATE TEMP VIEW engaged AS
  SELECT DISTINCT campaign, account_id
  FROM campaign_touches JOIN period ON date(touched_at) BETWEEN first_day AND last_day
  WHERE points > 0 AND account_id IS NOT NULL;

-- One row per campaign and number.
CREATE TEMP VIEW facts(campaign, measure, number) AS
  SELECT c.name, 'spend', s.spend_cents / 100.0
  FROM spend AS s JOIN campaigns AS c USING (campaign_id)
  JOIN period ON s.month BETWEEN substr(first_day, 1, 7) AND substr(last_day, 1, 7)
  UNION ALL
  SELECT campaign, 'accounts', 1 FROM engaged
  UNION ALL
  SELECT o.channel, n.measure, CASE n.measure WHEN 'opportunities' THEN o.conversions ELSE o.value END
  FROM attribution_summary('campaign_touches(account_id, touched_at, campaign)',
                           'opportunities(account_id, created_at, pipeline)',
                           'linear', 'lookback=180 days; round=0.01') AS o,
       (SELECT 'opportunities' AS measure UNION ALL SELECT 'pipeline') AS n
  UNION ALL
  SELECT channel, 'revenue', value
  FROM attribution_summary('campaign_touches(account_id, touched_at, campaign)',
                           'booked(account_id, closed_at, amount)', 'linear', 'lookback=180 days; round=0.01')
  UNION ALL
  SELECT channel, 'customers', conversions
  FROM attribution_summary('campaign_touches(account_id, touched_at, campaign)',
                           'new_customers(account_id, first_won_at)', 'linear', 'lookback=180 days');

-- Side by side. In the total an account counts once, however many campaigns it responded to. Spend of 0 becomes
-- NULL here, so that whatever it is divided by, or divides, is NULL as well.
CREATE TEMP VIEW measured AS
  WITH lines(line, campaign, measure, number) AS (
    SELECT 1 + (campaign LIKE '(%'), campaign, measure, number FROM facts
    UNION ALL
    SELECT 3, 'total', measure, number FROM facts WHERE measure <> 'accounts'
    UNION ALL
    SELECT 3, 'total', 'accounts', count(DISTINCT account_id) FROM engaged
  )
  SELECT line, campaign,
         nullif(total(number) FILTER (WHERE measure = 'spend'), 0) AS spend,
         CAST(total(number) FILTER (WHERE measure = 'accounts') AS INTEGER) AS accounts,
         total(number) FILTER (WHERE measure = 'opportunities') AS opportunities,
         total(number) FILTER (WHERE measure = 'pipeline') AS pipeline,
         total(number) FILTER (WHERE measure = 'revenue') AS revenue,
         total(number) FILTER (WHERE measure = 'customers') AS customers
  FROM lines
  GROUP BY line, campaign;

-- What was spent, and what one engaged account, one opportunity and one euro of pipeline cost. Money in euros.
SELECT campaign,
       printf('%10.2f', spend) AS spend,
       accounts AS engaged_accounts,
       CASE WHEN spend / accounts > 0 THEN printf('%8.2f', spend / accounts) END AS per_account,
       printf('%6.2f', opportunities) AS opportunities,
       CASE WHEN spend / opportunities > 0 THEN printf('%9.2f', spend / opportunities) END AS per_opportunity,
       printf('%10.2f', pipeline) AS pipeline,
       CASE WHEN spend / pipeline > 0 THEN printf('%6.2f', spend / pipeline) END AS per_pipeline_euro
FROM measured
ORDER BY line, spend DESC, campaign;

-- What came back. ROAS: revenue for one euro spent. CAC: spend for one new customer. The rows of single campaigns
-- leave out what the older campaigns, paid for before the period, brought in it: compare campaigns by them, and judge
-- the spend as a whole by the total, which knows all revenue and all customers, also those without any touch.
SELECT campaign,
       printf('%10.2f', spend) AS spend,
       printf('%10.2f', revenue) AS revenue,
       CASE WHEN spend > 0 THEN printf('%6.2f', revenue / spend) END AS roas,
       printf('%6.2f', customers) AS new_customers,
       CASE WHEN spend / customers > 0 THEN printf('%9.2f', spend / customers) END AS cac
FROM measured
ORDER BY line, spend DESC, campaign;

-- Nothing was lost or counted twice: the totals above, and what the CRM and the books say without attribution.
SELECT 'in the total' AS what,
       printf('%10.2f', spend) AS spend, printf('%6.2f', opportunities) AS opportunities,
       printf('%10.2f', pipeline) AS pipeline, printf('%10.2f', revenue) AS revenue,
       printf('%6.2f', customers) AS new_customers
FROM measured WHERE campaign = 'total'
UNION ALL
SELECT 'in the CRM',
       (SELECT printf('%10.2f', sum(spend_cents) / 100.0) FROM spend, period
        WHERE month BETWEEN substr(first_day, 1, 7) AND substr(last_day, 1, 7)),
       printf('%6.2f', count(*)), printf('%10.2f', sum(pipeline)),
       (SELECT printf('%10.2f', sum(amount)) FROM booked), (SELECT printf('%6.2f', count(*)) FROM new_customers)
FROM opportunities;

-- 13. Pipeline against quota per channel, this month?
--
-- Each channel has a quota of pipeline for the month. What has it sourced? Pipeline is what was created in the
-- month and is still open or already won; a deal that was lost meanwhile is none, and a refund never was. A deal
-- is sourced by the account's first touch ever, for good. Channels with a quota and no pipeline (affiliate was
-- planned and never opened), channels with pipeline and no quota, and deals without any touch all have to stay in
-- the table, or its totals are not those of the CRM. That is a full outer join.

.headers on
.mode column
.nullvalue '-'

-- Change the month here.
CREATE TEMP VIEW this_month AS SELECT '2024-12' AS month;

-- What counts as pipeline, whenever it was created.
CREATE TEMP VIEW pipeline AS
  SELECT account_id, created_at, amount, deal_id, amount_cents
  FROM deals_eur
  WHERE status IN ('open', 'won') AND kind <> 'refund';

-- By the month in which a deal was created and the channel that sourced it, in cents.
CREATE TEMP VIEW sourced AS
  SELECT period AS month, channel, CAST(round(100 * value) AS INTEGER) AS cents,
         CAST(round(conversions) AS INTEGER) AS deals
  FROM attribution_summary(
    'touches(account_id, touched_at, channel)', 'pipeline(account_id, created_at, amount)',
    'first_touch', 'round=0.01; period=month');

-- Quota and sourced pipeline in euros. '-' is none: affiliate has a quota and nothing to show for it, email and
-- direct have pipeline that nobody had asked for. In the last column none counts as 0, so that it adds up, too.
-- The full outer join is written as both sides under each other, grouped by channel: the same rows, on any SQLite.
WITH both_sides(line, channel, quota, deals, cents) AS (
  SELECT 1, channel, pipeline_cents, NULL, NULL FROM channel_quotas JOIN this_month USING (month)
  UNION ALL
  SELECT 1 + (channel = '(unattributed)'), channel, NULL, deals, cents FROM sourced JOIN this_month USING (month)
),
lines AS (
  SELECT * FROM both_sides
  UNION ALL
  SELECT 3, 'total', quota, deals, cents FROM both_sides
  UNION ALL
  SELECT 4, 'in the CRM', NULL, 1, amount_cents FROM pipeline JOIN this_month ON month = substr(created_at, 1, 7)
  UNION ALL
  SELECT 4, 'in the CRM', pipeline_cents, NULL, NULL FROM quotas JOIN this_month USING (month)
)
SELECT channel,
       CASE WHEN count(quota) > 0 THEN printf('%10.2f', sum(quota) / 100.0) END AS quota,
       sum(deals) AS deals,
       CASE WHEN count(cents) > 0 THEN printf('%10.2f', sum(cents) / 100.0) END AS pipeline,
       CASE WHEN sum(quota) > 0 THEN printf('%5.1f %%', 100.0 * total(cents) / sum(quota)) END AS attained,
       printf('%10.2f', (total(cents) - total(quota)) / 100) AS over_or_under
FROM lines
GROUP BY line, channel
ORDER BY line, total(cents) - total(quota) DESC, channel;

-- This month and the two before it, in percent of the quota. Read it with care: an older deal has had more time to
-- be lost, so an older month shows what is left of it today, not what stood there at its end.
WITH recent(month, ago) AS (
  SELECT month, 0 FROM this_month
  UNION ALL
  SELECT strftime('%Y-%m', month || '-01', '-1 month'), 1 FROM this_month
  UNION ALL
  SELECT strftime('%Y-%m', month || '-01', '-2 months'), 2 FROM this_month
),
month_by_month AS (
  SELECT r.ago, q.channel, q.pipeline_cents AS quota, coalesce(s.cents, 0) AS cents,
         100.0 * coalesce(s.cents, 0) / q.pipeline_cents AS percent
  FROM recent AS r JOIN channel_quotas AS q USING (month)
  LEFT JOIN sourced AS s ON s.month = q.month AND s.channel = q.channel
)
SELECT channel,
       printf('%5.1f %%', sum(percent) FILTER (WHERE ago = 2)) AS two_before,
       printf('%5.1f %%', sum(percent) FILTER (WHERE ago = 1)) AS month_before,
       printf('%5.1f %%', sum(percent) FILTER (WHERE ago = 0)) AS this_month,
       printf('%10.2f', sum(quota) / 100.0) AS quota_of_three,
       printf('%10.2f', sum(cents) / 100.0) AS pipeline_of_three,
       printf('%5.1f %%', 100.0 * sum(cents) / sum(quota)) AS attained
FROM month_by_month
GROUP BY channel
ORDER BY 1.0 * sum(cents) / sum(quota) DESC, channel;

-- What bench.py's call of attribution_summary() answers, in plain SQL: the quickest form found for SQLite 3.40 (join once
-- with the small relation inside, one window over the whole path of a conversion, one GROUP BY for all five models).
-- With an index on touches(customer_id, ts, channel) bench.py puts the touches inside instead, which is quicker then.
WITH path AS MATERIALIZED (
  SELECT c.id AS conversion_id, c.value, t.id, t.ts, t.channel,
         pow(2, (t.ts - c.ts) / (7 * 86400.0)) AS decay
  FROM touches t CROSS JOIN conversions c ON c.customer_id = t.customer_id AND c.ts >= t.ts),
placed AS (
  SELECT channel, value, decay, id,
         first_value(id) OVER whole AS first_id, last_value(id) OVER whole AS last_id,
         count(*) OVER whole AS n, sum(decay) OVER whole AS decay_sum
  FROM path
  WINDOW whole AS (PARTITION BY conversion_id ORDER BY ts, channel, id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
credited AS (
  SELECT channel, value,
         id = first_id AS w_first, id = last_id AS w_last, 1.0 / n AS w_linear,
         CASE WHEN n = 1 THEN 1.0 WHEN n = 2 THEN 0.5 WHEN id IN (first_id, last_id) THEN 0.4
              ELSE 0.2 / (n - 2) END AS w_position,
         decay / decay_sum AS w_decay
  FROM placed),
by_channel AS MATERIALIZED (
  SELECT channel, count(*) AS touches,
         sum(w_first) AS c_first, sum(value * w_first) AS v_first,
         sum(w_last) AS c_last, sum(value * w_last) AS v_last,
         sum(w_linear) AS c_linear, sum(value * w_linear) AS v_linear,
         sum(w_position) AS c_position, sum(value * w_position) AS v_position,
         sum(w_decay) AS c_decay, sum(value * w_decay) AS v_decay
  FROM credited GROUP BY channel
  UNION ALL
  SELECT '(unattributed)', 0, n, v, n, v, n, v, n, v, n, v
  FROM (SELECT count(*) AS n, sum(value) AS v FROM conversions
        WHERE id NOT IN (SELECT conversion_id FROM path))
  WHERE n > 0),
summary AS (
  SELECT 'first_touch' AS model, channel, c_first AS conversions, v_first AS value,
         iif(touches = 0, 0, c_first) AS touches FROM by_channel
  UNION ALL
  SELECT 'last_touch', channel, c_last, v_last, iif(touches = 0, 0, c_last) FROM by_channel
  UNION ALL
  SELECT 'linear', channel, c_linear, v_linear, touches FROM by_channel
  UNION ALL
  SELECT 'position_based', channel, c_position, v_position, touches FROM by_channel
  UNION ALL
  SELECT 'time_decay', channel, c_decay, v_decay, touches FROM by_channel)
SELECT model, channel, conversions, value, value / (SELECT sum(value) FROM conversions) AS share, touches
FROM summary WHERE conversions > 0

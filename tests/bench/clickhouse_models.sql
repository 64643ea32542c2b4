-- The answer of attribution_summary() for five models in ClickHouse: the quickest form found. Per customer who
-- converted one sorted array of touches, each an integer of its time and its channel's number; per conversion the
-- beginning of its customer's array and the weights of its touches; then one row per touch, and one GROUP BY.
-- Slower were: tuples of time and label (by two to three times); arrays per conversion from a join of all touches (by up
-- to a half). {touches} is the table, {channels} its labels in order, as an array.
WITH
journeys AS (
  SELECT customer_id, arraySort(groupArray(toUInt64(ts) * 256 + toUInt8(channel))) AS touches
  FROM {touches} WHERE customer_id IN (SELECT customer_id FROM conversions) GROUP BY customer_id),
paths AS (
  SELECT c.value AS value, arrayFilter(touch -> touch < (toUInt64(c.ts) + 1) * 256, j.touches) AS path,
         length(path) AS n, arrayMap(touch -> exp2((toInt64(intDiv(touch, 256)) - c.ts) / 604800), path) AS decays,
         arraySum(decays) AS decay_sum
  FROM conversions AS c LEFT JOIN journeys AS j ON j.customer_id = c.customer_id),
by_channel AS (
  SELECT if(n = 0, '(unattributed)', {channels}[touch % 256 + 1]) AS channel,
         [sum(i <= 1), sum(i = n), sum(1 / greatest(n, 1)),
          sum(multiIf(n <= 1, 1, n = 2, 0.5, i = 1 OR i = n, 0.4, 0.2 / (n - 2)) AS position),
          sum(if(n = 0, 1, decay / decay_sum))] AS conversions,
         [sum(value * (i <= 1)), sum(value * (i = n)), sum(value / greatest(n, 1)), sum(value * position),
          sum(value * if(n = 0, 1, decay / decay_sum))] AS values,
         if(n = 0, [0, 0, 0, 0, 0], [sum(i = 1), sum(i = n), count(), count(), count()]) AS touches
  FROM paths LEFT ARRAY JOIN path AS touch, decays AS decay, arrayEnumerate(path) AS i
  GROUP BY n = 0, touch % 256)
SELECT model, channel, credit, part, part / (SELECT sum(value) FROM conversions) AS share, touched
FROM by_channel
ARRAY JOIN ['first_touch', 'last_touch', 'linear', 'position_based', 'time_decay'] AS model,
           conversions AS credit, values AS part, touches AS touched
WHERE credit > 0

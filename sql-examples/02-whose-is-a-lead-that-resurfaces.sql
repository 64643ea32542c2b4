-- 2. A lead came in three years ago, nobody touched it since, and it resurfaces: whose is it?
--
-- In January 2023 Astra Pharma came to our stand at a trade fair, and a partner made a lead of it. An SDR wrote once,
-- then there was silence. Fourteen months later somebody there saw a video, and in October 2024 the account bought.
-- Does the trade fair get first touch? The rule here: a silence longer than the limit ends the journey, and the next
-- touch begins a new one; what was before it has no part in the deal any more. The limit is the option gap=; the demo
-- remembers two years, so it is set to 365 days and not to three years. The whole account has to be silent: one touch
-- of anybody there keeps the journey alive.

.headers on
.mode column
.nullvalue ''

-- Deal 714. The touches around the silence; sessionize() numbers the journeys by the same limit.
WITH numbered AS (
  SELECT t.touched_at, t.channel, t.offer, t.contact_id,
         julianday(t.touched_at) - julianday(lag(t.touched_at) OVER w) AS silent_days,
         sessionize(t.touched_at, '365 days') OVER w AS journey
  FROM touches AS t JOIN deals AS d USING (account_id)
  WHERE d.deal_id = 714 AND t.touched_at <= d.closed_at
  WINDOW w AS (ORDER BY t.touched_at)
)
SELECT n.journey, n.touched_at, round(n.silent_days, 1) AS days_of_silence, n.channel, n.offer, c.name AS contact
FROM numbered AS n LEFT JOIN contacts AS c USING (contact_id)
ORDER BY n.touched_at
LIMIT 8;

-- Whose is it? First touch and equal parts, without the rule and with it.
SELECT g.rule, a.model, a.channel, count(*) AS touches, min(a.path_length) AS of_touches,
       printf('%9.2f', sum(a.value)) AS value
FROM (SELECT 'no limit' AS rule, '' AS gap UNION ALL SELECT 'silence of 365 days', '; gap=365 days') AS g,
     attribution('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)',
                 'first_touch, linear', 'conversion_id=deal_id; round=0.01' || g.gap) AS a
WHERE a.conversion_id = 714
GROUP BY g.rule, a.model, a.channel
ORDER BY g.rule, a.model, sum(a.value) DESC, a.channel;

-- How much hangs on the limit? First touch of every won deal under four limits against none: the deals whose first
-- touch goes to another channel, and what they are worth in euros (refunds taken off). No euro is lost, some only
-- change hands.
WITH first_touches AS (
  SELECT g.days, a.conversion_id AS deal_id, a.channel, CAST(round(100 * a.value) AS INTEGER) AS cents
  FROM (SELECT 0 AS days, '' AS gap UNION ALL SELECT 90, '; gap=90 days' UNION ALL SELECT 180, '; gap=180 days'
        UNION ALL SELECT 270, '; gap=270 days' UNION ALL SELECT 365, '; gap=365 days') AS g,
       attribution('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)',
                   'first_touch', 'conversion_id=deal_id; round=0.01' || g.gap) AS a
)
SELECT CASE r.days WHEN 0 THEN 'none' ELSE r.days || ' days' END AS "limit", count(*) AS deals,
       sum(r.channel <> o.channel) AS changed_hands,
       printf('%10.2f', total(r.cents) FILTER (WHERE r.channel <> o.channel) / 100) AS changed_hands_worth,
       printf('%11.2f', sum(r.cents) / 100.0) AS total,
       printf('%11.2f', (SELECT sum(amount_cents) FROM won_deals) / 100.0) AS revenue_in_the_crm
FROM first_touches AS r JOIN first_touches AS o ON o.deal_id = r.deal_id AND o.days = 0
GROUP BY r.days
ORDER BY r.days = 0 DESC, r.days DESC;

-- The deals that a limit of 365 days takes from one channel and gives to another.
SELECT o.conversion_id AS deal_id, a.name, substr(o.touched_at, 1, 10) AS first_ever, o.channel AS would_be,
       substr(n.touched_at, 1, 10) AS resurfaced, n.channel AS is_now, substr(n.converted_at, 1, 10) AS closed,
       printf('%9.2f', n.value) AS amount
FROM attribution('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)',
                 'first_touch', 'conversion_id=deal_id; round=0.01') AS o
JOIN attribution('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)',
                 'first_touch', 'conversion_id=deal_id; round=0.01; gap=365 days') AS n
  ON n.entity = o.entity AND n.conversion_id = o.conversion_id
JOIN accounts AS a ON a.account_id = n.entity
WHERE n.touch_id <> o.touch_id
ORDER BY n.value DESC, n.conversion_id;

-- 22. Explain this deal
--
-- Sales asks why marketing claims a part of deal 648. The answer has to be shown touch by touch: who did
-- what, how long before the close, what each rule makes of it in money, and which touches were left out and
-- why. The cents of every column add up to the deal. To explain another deal, change the number below.

.headers on
.mode column
.nullvalue ''

CREATE TEMP VIEW this_deal AS
  SELECT * FROM won_deals WHERE deal_id = 648;

CREATE TEMP VIEW explained AS
  SELECT *
  FROM attribution(
    'touches(account_id, touched_at, channel)',
    'won_deals(account_id, closed_at, amount, lead_created_at, opp_created_at)',
    'first_touch, last_touch, linear, time_decay, w_shaped, milestone(1), milestone(2)',
    'lookback=180 days; conversion_id=deal_id; round=0.01')
  WHERE conversion_id = (SELECT deal_id FROM this_deal);

-- The deal.
SELECT a.name, a.segment, w.owner, w.lead_created_at, w.opp_created_at, w.closed_at, printf('%.2f', w.amount) AS amount
FROM this_deal AS w JOIN accounts AS a USING (account_id);

-- Its touches, in order, and the places that some of them hold.
SELECT e.position, e.touched_at, printf('%5.1f', julianday(e.converted_at) - julianday(e.touched_at)) AS days_before,
       e.channel, t.offer, c.name AS contact,
       rtrim(CASE WHEN max(e.model = 'first_touch') THEN 'first, ' ELSE '' END ||
             CASE WHEN max(e.model = 'milestone(1)') THEN 'made the lead, ' ELSE '' END ||
             CASE WHEN max(e.model = 'milestone(2)') THEN 'made the opportunity, ' ELSE '' END ||
             CASE WHEN max(e.model = 'last_touch') THEN 'last' ELSE '' END, ', ') AS place
FROM explained AS e JOIN touches AS t USING (touch_id) LEFT JOIN contacts AS c USING (contact_id)
GROUP BY e.position
ORDER BY e.position;

-- What each touch earned, in euros.
WITH euros(line, position, channel, model, value) AS (
  SELECT 1, position, channel, model, value FROM explained
  UNION ALL
  SELECT 2, NULL, 'total', model, value FROM explained
  UNION ALL
  SELECT 3, NULL, 'deal in the CRM', model, amount FROM this_deal, (SELECT DISTINCT model FROM explained)
)
SELECT position, channel,
       printf('%9.2f', total(value) FILTER (WHERE model = 'first_touch')) AS first_touch,
       printf('%9.2f', total(value) FILTER (WHERE model = 'last_touch')) AS last_touch,
       printf('%9.2f', total(value) FILTER (WHERE model = 'linear')) AS linear,
       printf('%9.2f', total(value) FILTER (WHERE model = 'time_decay')) AS time_decay,
       printf('%9.2f', total(value) FILTER (WHERE model = 'w_shaped')) AS w_shaped
FROM euros
GROUP BY line, position, channel
ORDER BY line, position;

-- The account's touches that earned nothing in any model, and why.
SELECT CASE WHEN t.touched_at > w.closed_at THEN 'after the close'
            ELSE 'more than 180 days before the close' END AS reason,
       t.touched_at, t.channel, t.offer
FROM this_deal AS w JOIN touches AS t USING (account_id)
WHERE t.touch_id NOT IN (SELECT touch_id FROM explained WHERE touch_id IS NOT NULL)
ORDER BY t.touched_at, t.channel, t.touch_id;

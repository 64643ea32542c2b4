-- 24. Criteria points: originating 5, primary contact 3, first touch 7, last touch 2?
--
-- Some companies do not choose one rule but give points for what they care about: 5 to the touch that made the
-- lead (originating), 3 to every touch of the primary contact, 7 to the first touch, 2 to the last one. A touch
-- that meets several criteria gets the sum of their points, and the deal is divided in proportion to the points:
-- that is the model `points`. The criteria are a list in a view: change a number, or add a line, and you have your
-- own model. A touch that meets none gets nothing.

.headers on
.mode column
.nullvalue ''

-- The worked example: a deal of 100,000. The trade fair came first and made the lead: 7 + 5 = 12 points. The
-- primary contact saw a webinar: 3. The primary contact asked for a demo, the last touch: 3 + 2 = 5.
CREATE TEMP VIEW example_touches(deal, touched_at, response, criteria, points) AS
  VALUES (1, '2024-03-04', 'trade fair', 'originating + first touch', 5 + 7),
         (1, '2024-04-09', 'webinar', 'primary contact', 3),
         (1, '2024-05-02', 'demo request', 'primary contact + last touch', 3 + 2);

-- Its close and its amount.
CREATE TEMP VIEW example_deals(deal, closed_at, amount) AS
  VALUES (1, '2024-06-14', 100000);

-- 12, 3 and 5 of 20 points: 60 %, 15 % and 25 %.
SELECT a.touched_at, a.channel AS response, t.criteria, t.points,
       printf('%5.1f %%', 100 * a.credit) AS share, printf('%9.2f', a.value) AS euros
FROM attribution('example_touches(deal, touched_at, response, points)', 'example_deals(deal, closed_at, amount)',
                 'points', 'round=0.01') AS a
JOIN example_touches AS t ON t.deal = a.entity AND t.response = a.channel
ORDER BY a.position;

-- The same on the CRM. Which touch is the first, the last and the one that made the lead (milestone 1) is what
-- models of that name answer; linear lists every touch of the path. A year is looked back, because the touch that
-- made the lead may lie far behind.
CREATE TEMP VIEW path AS
  SELECT model, conversion_id AS deal_id, touch_id, touched_at, channel
  FROM attribution('touches(account_id, touched_at, channel)',
                   'won_deals(account_id, closed_at, amount, lead_created_at)',
                   'first_touch, last_touch, milestone(1), linear', 'lookback=365 days; conversion_id=deal_id')
  WHERE touch_id IS NOT NULL;

-- The criteria and their points.
CREATE TEMP VIEW criteria(deal_id, touch_id, criterion, points) AS
  SELECT deal_id, touch_id, 'originating', 5 FROM path WHERE model = 'milestone(1)'
  UNION ALL
  SELECT deal_id, touch_id, 'first touch', 7 FROM path WHERE model = 'first_touch'
  UNION ALL
  SELECT deal_id, touch_id, 'last touch', 2 FROM path WHERE model = 'last_touch'
  UNION ALL
  SELECT p.deal_id, p.touch_id, 'primary contact', 3
  FROM path AS p JOIN touches AS t USING (touch_id)
  JOIN deal_contacts AS c ON c.deal_id = p.deal_id AND c.contact_id = t.contact_id AND c.role = 'primary'
  WHERE p.model = 'linear';

-- Every touch with the sum of its points.
CREATE TEMP VIEW pointed_touches AS
  SELECT p.deal_id, p.touch_id, p.touched_at, p.channel, coalesce(sum(c.points), 0) AS points
  FROM path AS p LEFT JOIN criteria AS c ON c.deal_id = p.deal_id AND c.touch_id = p.touch_id
  WHERE p.model = 'linear'
  GROUP BY p.deal_id, p.touch_id;

-- Every deal divided in proportion to the points, and in equal parts for comparison.
CREATE TEMP VIEW credit AS
  SELECT model, conversion_id AS deal_id, touch_id, channel, credit, value
  FROM attribution('pointed_touches(deal_id, touched_at, channel, points)', 'won_deals(deal_id, closed_at, amount)',
                   'points, linear', 'conversion_id=deal_id; touch_id=touch_id; round=0.01');

-- One deal, touch by touch; change the number to see another.
WITH named AS (
  SELECT touch_id, group_concat(criterion || ' ' || points, ' + ') AS criteria
  FROM (SELECT * FROM criteria WHERE deal_id = 648 ORDER BY touch_id, points DESC)
  GROUP BY touch_id
)
SELECT p.touched_at, p.channel, n.criteria, p.points,
       printf('%5.1f %%', 100 * coalesce(c.credit, 0)) AS share, printf('%9.2f', coalesce(c.value, 0)) AS euros
FROM pointed_touches AS p LEFT JOIN named AS n USING (touch_id)
LEFT JOIN credit AS c ON c.model = 'points' AND c.deal_id = p.deal_id AND c.touch_id = p.touch_id
WHERE p.deal_id = 648
ORDER BY p.touched_at, p.touch_id;

-- What each criterion moves over all won deals, in whole euros, as cents are divided, too: of what a touch earned,
-- the part that the criterion has in its points. Deals without a touch have nobody to give points to.
SELECT coalesce(k.criterion, '(unattributed)') AS criterion,
       count(DISTINCT c.deal_id) AS deals, count(k.points) AS touches, sum(k.points) AS points,
       printf('%8.0f', sum(c.value * coalesce(1.0 * k.points / p.points, 1))) AS euros
FROM credit AS c
LEFT JOIN criteria AS k ON k.deal_id = c.deal_id AND k.touch_id = c.touch_id
LEFT JOIN pointed_touches AS p ON p.deal_id = c.deal_id AND p.touch_id = c.touch_id
WHERE c.model = 'points'
GROUP BY k.criterion
ORDER BY k.criterion IS NULL, sum(k.points) DESC;

-- Revenue per channel by these points, and in equal parts for comparison, in euros.
WITH side_by_side(line, channel, model, value) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, model, value FROM credit
  UNION ALL
  SELECT 3, 'total', model, value FROM credit
  UNION ALL
  SELECT 4, 'revenue in the CRM', model, amount FROM won_deals, (SELECT DISTINCT model FROM credit)
)
SELECT channel,
       printf('%11.2f', total(value) FILTER (WHERE model = 'points')) AS points,
       printf('%11.2f', total(value) FILTER (WHERE model = 'linear')) AS linear
FROM side_by_side
GROUP BY line, channel
ORDER BY line, total(value) FILTER (WHERE model = 'points') DESC, channel;

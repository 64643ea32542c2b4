-- 23. Account view, opportunity view, contact-role view: what does the same deal look like?
--
-- Whose touches count for a deal? Those of everybody at the account (account view), of the people who have a role
-- in the deal (opportunity view), or of the one with the primary role (contact-role view). The wider the view, the
-- more touches share the deal; the narrower, the more deals are left without any. Each view is attributed on its
-- own and adds up to the revenue. In one deal a touch counts once: people are looked up with IN, not joined, or in a
-- CRM where somebody can have two roles every touch of theirs would come twice.

.headers on
.mode column
.nullvalue ''

-- The touches of the people with a role, by deal. Several deals of one account can each count the same touch.
CREATE TEMP VIEW role_touches AS
  SELECT w.deal_id, t.touched_at, t.channel, t.touch_id
  FROM won_deals AS w JOIN touches AS t USING (account_id)
  WHERE t.contact_id IN (SELECT contact_id FROM deal_contacts WHERE deal_id = w.deal_id);

-- Those of the primary contact.
CREATE TEMP VIEW primary_touches AS
  SELECT w.deal_id, t.touched_at, t.channel, t.touch_id
  FROM won_deals AS w JOIN touches AS t USING (account_id)
  WHERE t.contact_id IN (SELECT contact_id FROM deal_contacts WHERE deal_id = w.deal_id AND role = 'primary');

-- The three views under each other: equal parts over the touches of the 180 days before the close.
CREATE TEMP VIEW credit AS
  SELECT 'account' AS seen_by, conversion_id AS deal_id, touch_id, touched_at, channel, path_length, value
  FROM attribution('touches(account_id, touched_at, channel)', 'won_deals(account_id, closed_at, amount)',
                   'linear', 'lookback=180 days; conversion_id=deal_id; touch_id=touch_id; round=0.01')
  UNION ALL
  SELECT 'opportunity', conversion_id, touch_id, touched_at, channel, path_length, value
  FROM attribution('role_touches(deal_id, touched_at, channel)', 'won_deals(deal_id, closed_at, amount)',
                   'linear', 'lookback=180 days; conversion_id=deal_id; touch_id=touch_id; round=0.01')
  UNION ALL
  SELECT 'contact role', conversion_id, touch_id, touched_at, channel, path_length, value
  FROM attribution('primary_touches(deal_id, touched_at, channel)', 'won_deals(deal_id, closed_at, amount)',
                   'linear', 'lookback=180 days; conversion_id=deal_id; touch_id=touch_id; round=0.01');

-- One deal; change the number to see another.
CREATE TEMP VIEW this_deal AS
  SELECT deal_id, amount FROM won_deals WHERE deal_id = 399;

-- Its touches in the three views, in euros. An empty field: the view does not see this touch. The columns add up.
WITH lines AS (
  SELECT 1 AS line, seen_by, touch_id, channel, value FROM credit JOIN this_deal USING (deal_id)
  UNION ALL
  SELECT 2, seen_by, NULL, 'total', sum(value) FROM credit JOIN this_deal USING (deal_id) GROUP BY seen_by
  UNION ALL
  SELECT 3, seen_by, NULL, 'deal in the CRM', amount FROM this_deal, (SELECT DISTINCT seen_by FROM credit)
)
SELECT t.touched_at, l.channel, c.name AS contact,
       (SELECT role FROM deal_contacts JOIN this_deal USING (deal_id) WHERE contact_id = t.contact_id) AS role,
       max(printf('%9.2f', l.value)) FILTER (WHERE seen_by = 'account') AS account_view,
       max(printf('%9.2f', l.value)) FILTER (WHERE seen_by = 'opportunity') AS opportunity_view,
       max(printf('%9.2f', l.value)) FILTER (WHERE seen_by = 'contact role') AS contact_role_view
FROM lines AS l LEFT JOIN touches AS t USING (touch_id) LEFT JOIN contacts AS c USING (contact_id)
GROUP BY l.line, t.touch_id, l.channel
ORDER BY l.line, t.touched_at, t.touch_id;

-- How much does each view see? All won deals of the two years, refunds among them.
SELECT seen_by, count(DISTINCT deal_id) AS deals,
       sum(touch_id IS NULL) AS without_touch,
       count(touch_id) AS touches,
       printf('%4.1f', 1.0 * count(touch_id) / (count(DISTINCT deal_id) - sum(touch_id IS NULL))) AS touches_if_any,
       printf('%11.2f', total(value) FILTER (WHERE touch_id IS NULL)) AS revenue_without_touch
FROM credit
GROUP BY seen_by
ORDER BY touches DESC;

-- Revenue per channel, in euros. Sales works with the people who have a role, so its share grows as the view narrows.
WITH side_by_side(line, channel, seen_by, value) AS (
  SELECT 1 + (channel = '(unattributed)'), channel, seen_by, value FROM credit
  UNION ALL
  SELECT 3, 'total', seen_by, value FROM credit
  UNION ALL
  SELECT 4, 'revenue in the CRM', seen_by, amount FROM won_deals, (SELECT DISTINCT seen_by FROM credit)
)
SELECT channel,
       printf('%11.2f', total(value) FILTER (WHERE seen_by = 'account')) AS account_view,
       printf('%11.2f', total(value) FILTER (WHERE seen_by = 'opportunity')) AS opportunity_view,
       printf('%11.2f', total(value) FILTER (WHERE seen_by = 'contact role')) AS contact_role_view
FROM side_by_side
GROUP BY line, channel
ORDER BY line, total(value) FILTER (WHERE seen_by = 'account') DESC, channel;

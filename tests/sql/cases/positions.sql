-- Models with positions on paths of 0 to 6 touches: a, b, c ... at hours 1, 2, 3 ...; entity = number of touches.
CREATE TABLE touches(entity, ts, channel);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6)
INSERT INTO touches SELECT p.i, t.i * 3600, char(96 + t.i) FROM n AS p JOIN n AS t ON t.i <= p.i;
CREATE TABLE conversions(entity, ts);
INSERT INTO conversions VALUES (0, 36000), (1, 36000), (2, 36000), (3, 36000), (4, 36000), (5, 36000), (6, 36000);
-- model | touches of the path | credits
SELECT DISTINCT model, entity, group_concat(printf('%s %g', channel, credit), ', ') OVER path
FROM attribution('touches', 'conversions', 'first_touch, last_touch, linear, position_based, j_shaped, inverse_j,
  position_based(first=.3, last=.5), position_based(first=.7, last=.3), custom(1, 2, 1), custom(0, 1, 0), custom(0, 0, 7)')
WINDOW path AS (PARTITION BY model, entity ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
ORDER BY model, entity;
-- position and path_length count the touches of the path, credited or not
SELECT model, entity, channel, position, path_length, credit
FROM attribution('touches', 'conversions', 'last_touch, custom(0, 1, 0)')
WHERE entity IN (0, 1, 3) ORDER BY model, entity, position;
-- without a model list: linear
SELECT model, channel, credit FROM attribution('touches', 'conversions') WHERE entity = 2 ORDER BY position;

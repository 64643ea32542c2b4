-- Models with milestones: six touches a to f at hours 1 to 6, close at hour 10; milestones in hours.
CREATE TABLE cases(entity, m1, m2);
INSERT INTO cases VALUES
  ('1 both', 2.5, 4), ('2 only m1', 4, NULL), ('3 only m2', '', 4), ('4 neither', NULL, NULL), ('5 before the first', 0.5, 0.9),
  ('6 both on the first', 1, 1), ('7 after close', 20, 20), ('8 m1 after m2', 4, 2);
CREATE TABLE touches(entity, ts, channel);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6)
INSERT INTO touches SELECT entity, i * 3600, char(96 + i) FROM cases, n;
CREATE TABLE conversions(entity, ts, value, milestone1, milestone2);
INSERT INTO conversions SELECT entity, 36000, 100, CASE m1 WHEN '' THEN '' ELSE m1 * 3600 END, m2 * 3600 FROM cases;
-- model | case | credits
SELECT DISTINCT model, entity, group_concat(printf('%s %g', channel, credit), ', ') OVER path
FROM attribution('touches', 'conversions', 'u_shaped, w_shaped, full_path, milestone(1), milestone(2)')
WINDOW path AS (PARTITION BY model, entity ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
ORDER BY model, entity;
-- milestone(2) without its touch: unattributed, with the length of the path
SELECT touch_id, touched_at, channel, position, path_length, credit, value
FROM attribution('touches', 'conversions', 'milestone(2)') WHERE entity = '2 only m1';
-- a milestone later than as_of does not exist: m1 at 2.5 h and m2 at 4 h, seen at hour 10 and, with the close at hour 3, at hour 3
UPDATE conversions SET ts = 3 * 3600 WHERE entity = '1 both';
SELECT printf('%s %g', channel, credit) FROM attribution('touches', 'conversions', 'milestone(2)', 'as_of=36000') WHERE entity = '1 both';
SELECT printf('%s %g', channel, credit) FROM attribution('touches', 'conversions', 'milestone(2)', 'as_of=10800') WHERE entity = '1 both';
-- paths of one and of two touches; the milestones fall on the last touch
DELETE FROM touches WHERE entity > '3' OR ts > CASE entity WHEN '1 both' THEN 3600 ELSE 7200 END;
DELETE FROM conversions WHERE entity > '3';
UPDATE conversions SET ts = 36000, milestone1 = 30000, milestone2 = 30000;
SELECT DISTINCT model, entity, group_concat(printf('%s %g', channel, credit), ', ') OVER path
FROM attribution('touches', 'conversions', 'u_shaped, w_shaped, full_path')
WINDOW path AS (PARTITION BY model, entity ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
ORDER BY model, entity;
-- the same without milestones
UPDATE conversions SET milestone1 = NULL, milestone2 = NULL;
SELECT DISTINCT model, entity, group_concat(printf('%s %g', channel, credit), ', ') OVER path
FROM attribution('touches', 'conversions', 'u_shaped, w_shaped, full_path')
WINDOW path AS (PARTITION BY model, entity ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
ORDER BY model, entity;

-- Money: exact allocation by largest remainder. Every entity has the touches a, b, c ... at 1, 2, 3 ...
CREATE TABLE touches(entity, ts, channel);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7)
INSERT INTO touches SELECT p.i, t.i, char(96 + t.i) FROM n AS p JOIN n AS t ON t.i <= p.i;
CREATE TABLE conversions(entity, ts, value);
CREATE TEMP VIEW cents AS
SELECT DISTINCT entity, conversion_value, group_concat(printf('%!.15g', value), ' ') OVER path AS shares
FROM attribution('touches', 'conversions', 'linear', 'round=0.01')
WINDOW path AS (PARTITION BY conversion_id ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
ORDER BY conversion_id;
-- touches | value | shares: the spare cents go to the earlier among equals
INSERT INTO conversions VALUES (3, 10, 1000.01), (3, 10, 1000.0), (7, 10, 100.0), (6, 10, 0.05), (2, 10, 0.01), (1, 10, 12.34), (3, 10, 1.0), (3, 10, 2.0);
SELECT * FROM cents;
-- a refund mirrors the sale
UPDATE conversions SET value = -value;
SELECT * FROM cents;
-- what is no multiple of a cent stays with the row of largest share, here the earliest; nothing but zeros from 0
DELETE FROM conversions;
INSERT INTO conversions VALUES (3, 10, 10.005), (3, 10, -10.005), (3, 10, 0.001), (3, 10, 0.0), (3, 10, NULL);
SELECT conversion_id, value FROM attribution('touches', 'conversions', 'linear', 'round=0.01') ORDER BY conversion_id, position;
-- the largest share may be the last
DELETE FROM conversions;
INSERT INTO conversions VALUES (3, 10, 10.005);
SELECT channel, value FROM attribution('touches', 'conversions', 'j_shaped', 'round=0.01') ORDER BY position;
-- other units: 1, 5, 0.05; a row may get 0
UPDATE conversions SET value = 100.0;
SELECT channel, value FROM attribution('touches', 'conversions', 'linear', 'round=1') ORDER BY position;
SELECT channel, value FROM attribution('touches', 'conversions', 'linear', 'round=5') ORDER BY position;
UPDATE conversions SET value = 0.1;
SELECT channel, value FROM attribution('touches', 'conversions', 'linear', 'round=0.05') ORDER BY position;
-- participation: label by label; a has the touches 1 and 3
INSERT INTO touches VALUES (8, 1, 'a'), (8, 2, 'b'), (8, 3, 'a');
DELETE FROM conversions;
INSERT INTO conversions VALUES (8, 10, 10.01);
SELECT position, channel, value FROM attribution('touches', 'conversions', 'participation', 'round=0.01') ORDER BY position;
-- 66 cents by 1 : 2 : 4 over six touches: 9.43, four times 4.71, 37.71; the five equal remainders of 5/7 are equal, so the last waits
DELETE FROM conversions;
INSERT INTO conversions VALUES (6, 10, 0.66);
SELECT channel, value FROM attribution('touches', 'conversions', 'custom(1, 2, 4)', 'round=0.01') ORDER BY position;
-- an unattributed conversion keeps its whole value, cents or not
DELETE FROM conversions;
INSERT INTO conversions VALUES (99, 10, 10.005);
SELECT channel, credit, value FROM attribution('touches', 'conversions', 'linear, participation', 'round=0.01');

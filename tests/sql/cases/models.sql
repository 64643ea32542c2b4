-- Models by age, by points and by label.
CREATE TABLE touches(entity, ts, channel, points);
CREATE TABLE conversions(entity, ts, value);
-- time_decay: ages 2, 1 and 0 half-lives are 1/4 : 1/2 : 1
INSERT INTO touches VALUES (1, 0, 'a', 0), (1, 3600, 'b', 0), (1, 7200, 'c', 0);
INSERT INTO conversions VALUES (1, 7200, 70);
SELECT channel, printf('%.10f', credit), value FROM attribution('touches', 'conversions', 'time_decay(half_life=1 hour)') ORDER BY position;
-- half_life takes every duration
SELECT printf('%.10f', credit) FROM attribution('touches', 'conversions', 'time_decay(half_life=60 min)') ORDER BY position;
SELECT printf('%.10f', credit) FROM attribution('touches', 'conversions', 'time_decay(half_life=3600)') ORDER BY position;
-- touches 10,007 and 10,000 days old: far beyond the smallest double, still 1/3 and 2/3
DELETE FROM touches;
INSERT INTO touches VALUES (1, 0, 'a', 0), (1, 7 * 86400, 'b', 0);
UPDATE conversions SET ts = 10007 * 86400;
SELECT channel, printf('%.10f', credit) FROM attribution('touches', 'conversions', 'time_decay') ORDER BY position;
-- points: 12, 3, 5 on 100,000
DELETE FROM touches;
INSERT INTO touches VALUES (1, 1, 'a', 12), (1, 2, 'b', '3'), (1, 3, 'c', 5.0);
UPDATE conversions SET value = 100000;
SELECT channel, printf('%g', credit), value FROM attribution('touches', 'conversions', 'points', 'round=0.01') ORDER BY position;
-- points: a touch with 0, NULL or '' points gets no row but has its place in the path
INSERT INTO touches VALUES (1, 4, 'd', 0), (1, 5, 'e', NULL), (1, 6, 'f', ''), (1, 7, 'g', 20);
SELECT channel, position, path_length, printf('%g', credit) FROM attribution('touches', 'conversions', 'points') ORDER BY position;
-- points: a negative touch takes credit away
UPDATE touches SET points = -20 WHERE channel = 'g';
INSERT INTO touches VALUES (1, 8, 'h', 40);
SELECT channel, printf('%g', credit), value FROM attribution('touches', 'conversions', 'points') ORDER BY position;
-- points: a sum of 0 is linear
UPDATE touches SET points = -40 WHERE channel = 'g';
UPDATE touches SET points = 20 WHERE channel = 'h';
SELECT DISTINCT printf('%g', credit) FROM attribution('touches', 'conversions', 'points');
-- points: so is a sum below 0
UPDATE touches SET points = -400 WHERE channel = 'g';
SELECT DISTINCT printf('%g', credit) FROM attribution('touches', 'conversions', 'points');
-- participation: every label gets 1, divided over its touches; capitals are another label
DELETE FROM touches;
INSERT INTO touches VALUES (1, 1, 'a', 0), (1, 2, 'b', 0), (1, 3, 'a', 0), (1, 4, 'A', 0), (1, 5, 'a', 0), (1, 6, 'a', 0);
SELECT position, channel, credit, value FROM attribution('touches', 'conversions', 'participation') ORDER BY position;
-- participation without a touch: one row
DELETE FROM touches;
SELECT position, channel, credit, value FROM attribution('touches', 'conversions', 'participation') ORDER BY position;
-- last_non_direct: the last label that is not direct or (direct), in any capitals; of only such ones, the last
DELETE FROM conversions;
INSERT INTO conversions VALUES (1, 10, 1), (2, 10, 1), (3, 10, 1);
INSERT INTO touches VALUES (1, 1, 'ads', 0), (1, 2, 'email', 0), (1, 3, 'Direct', 0), (1, 4, '(DIRECT)', 0),
  (2, 1, 'direct', 0), (2, 2, '(direct)', 0), (3, 1, 'ads', 0), (3, 2, 'indirect', 0);
SELECT entity, channel, position, path_length FROM attribution('touches', 'conversions', 'last_non_direct') ORDER BY entity;
-- last_non_direct with direct=Email,(direct): 'direct' now counts
SELECT entity, channel, position FROM attribution('touches', 'conversions', 'last_non_direct', 'direct=Email,(direct)') ORDER BY entity;
-- all: every rule-based model that the relations can feed; here without points and milestones
SELECT DISTINCT model FROM attribution('touches(entity, ts, channel)', 'conversions', 'all') ORDER BY model;
-- all: with points and three milestones
CREATE TABLE deals(entity, ts, value, milestone1, milestone2, milestone3);
INSERT INTO deals VALUES (1, 10, 1, 2, 3, 4);
SELECT DISTINCT model FROM attribution('touches', 'deals', ' ALL ') ORDER BY model;
-- the column model is the model as written, blanks trimmed, in lower case
SELECT DISTINCT '[' || model || ']' FROM attribution('touches', 'conversions',
  '  LINEAR ,Time_Decay( half_life = 2 Days ) ,First_Touch') ORDER BY 1;

-- attribution_summary: totals, order, share, periods.
CREATE TABLE touches(entity, ts, channel);
CREATE TABLE conversions(entity, ts, value);
INSERT INTO touches VALUES (1, 1, 'b'), (1, 2, 'a'), (1, 3, 'b'), (2, 1, 'b'), (2, 2, 'Z');
INSERT INTO conversions VALUES (1, 10, 300), (2, 10, 100), (3, 10, 100);
-- models as listed, channels byte by byte, (unattributed) last
SELECT * FROM attribution_summary('touches', 'conversions', 'linear, first_touch');
-- default model: linear
SELECT DISTINCT model FROM attribution_summary('touches', 'conversions');
-- participation: the part of the revenue in which the channel took part; shares add up to more than 1
SELECT channel, conversions, value, share, touches FROM attribution_summary('touches', 'conversions', 'participation');
-- a revenue of 0: share counts conversions
INSERT INTO conversions VALUES (3, 11, -500);
SELECT channel, conversions, value, printf('%g', share) FROM attribution_summary('touches', 'conversions', 'first_touch');
-- no value column: value is NULL
SELECT channel, conversions, value, printf('%g', share) FROM attribution_summary('touches', 'conversions(entity, ts)', 'first_touch');
-- round: cents of the detail rows are added
DELETE FROM conversions;
INSERT INTO conversions VALUES (1, 10, 1000.01), (1, 20, 1000.01);
SELECT channel, value FROM attribution_summary('touches', 'conversions', 'linear', 'round=0.01');
-- periods are of the conversion, in UTC; each has its own revenue
DELETE FROM touches;
DELETE FROM conversions;
INSERT INTO touches VALUES (1, '2010-01-01', 'a');
INSERT INTO conversions VALUES
  (1, '2015-12-31 23:59:59.999999', 1), (1, '2016-01-03', 1), (1, '2016-01-04', 1), (1, '2018-12-30', 1), (1, '2018-12-31', 1),
  (1, '2020-02-29', 1), (1, '2020-12-31', 1), (1, '2021-01-03', 1), (1, '2021-01-04', 1), (1, '2024-12-29', 1), (1, '2024-12-30', 1),
  (1, '2025-01-01T00:30:00+01:00', 1);
-- day
SELECT period, conversions FROM attribution_summary('touches', 'conversions', 'linear', 'period=day');
-- week: ISO, of the year that holds its Thursday
SELECT period, conversions FROM attribution_summary('touches', 'conversions', 'linear', 'period=week');
-- month
SELECT period, conversions FROM attribution_summary('touches', 'conversions', 'linear', 'period=month');
-- quarter
SELECT period, conversions FROM attribution_summary('touches', 'conversions', 'linear', 'period=quarter');
-- year
SELECT period, conversions FROM attribution_summary('touches', 'conversions', 'linear', 'period=year');
-- sorted by model, period, channel; shares are of the period's revenue; before 1970 too
DELETE FROM touches;
DELETE FROM conversions;
INSERT INTO touches VALUES (1, -900000000, 'b'), (1, -900000000, 'a'), (2, -900000000, 'b');
INSERT INTO conversions VALUES (1, -1, 30), (2, 0, 10), (9, 0, 30), (1, -62208000, 5);
SELECT * FROM attribution_summary('touches', 'conversions', 'linear, last_touch', 'period=quarter');
-- the order of the rows in the tables changes nothing
CREATE TABLE reversed AS SELECT * FROM conversions ORDER BY rowid DESC;
SELECT * FROM attribution_summary('touches', 'conversions', 'linear, last_touch', 'period=quarter')
EXCEPT SELECT * FROM attribution_summary('touches', 'reversed', 'linear, last_touch', 'period=quarter');

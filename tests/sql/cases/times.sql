-- Times: output has the form of the input, row by row; durations; units of numbers.
CREATE TABLE touches(entity, ts, channel);
CREATE TABLE conversions(entity, ts);
INSERT INTO conversions VALUES (1, '2024-12-31T23:59:59Z');
-- numbers stay numbers of their class
INSERT INTO touches VALUES (1, -86400, 'before 1970'), (1, 0, 'zero'), (1, 100, 'integer'), (1, 100.5, 'real'), (1, 200.0, 'whole real'), (1, 1700000000.123456, 'microseconds');
SELECT channel, typeof(touched_at), touched_at = CASE channel WHEN 'microseconds' THEN 1700000000.123456 ELSE touched_at END, printf('%.6f', touched_at)
FROM attribution('touches', 'conversions') ORDER BY position;
-- TEXT stays TEXT: same precision, separator and Z; an offset comes back in UTC; a one-digit hour gets its zero
DELETE FROM touches;
INSERT INTO touches VALUES
  (1, '2024-03-01', 'day'), (1, '2024-03-02 10:20', 'minutes'), (1, '2024-03-03 10:20:30', 'seconds'), (1, '2024-03-04T10:20:30', 'T'),
  (1, '2024-03-05T10:20:30Z', 'Z'), (1, '2024-03-06 10:20:30.5', 'tenths'), (1, '2024-03-07T10:20:30.250Z', 'milliseconds'),
  (1, '2024-03-08 10:20:30.123456', 'microseconds'), (1, '2024-03-09T01:00:00+02:00', 'east'), (1, '2024-03-10 23:30-01:30', 'west'),
  (1, '2024-03-11 4:05:06', 'one digit'), (1, '  2024-03-12 10:20  ', 'blanks'), (1, '2024-03-13 10:20Z', 'minutes Z'), (1, '1719792000', 'number');
SELECT channel, touched_at, typeof(touched_at) FROM attribution('touches', 'conversions') ORDER BY position;
-- they are one scale: all forms of one instant tie and stand in the order of their labels
DELETE FROM touches;
INSERT INTO touches VALUES (1, '2024-01-01T00:00:00Z', 'f'), (1, 1704067200, 'e'), (1, 1704067200.0, 'd'), (1, '2024-01-01', 'c'), (1, '2024-01-01 01:00+01:00', 'b'), (1, '1704067200', 'a');
SELECT path FROM journeys('touches', 'conversions') WHERE converted;
-- first and last day that a year of four digits holds
DELETE FROM touches;
INSERT INTO touches VALUES (1, '0000-01-01', 'first'), (2, '9999-12-31 23:59:59.999999', 'last');
INSERT INTO conversions VALUES (2, '9999-12-31 23:59:59.999999');
SELECT channel, touched_at FROM attribution('touches', 'conversions') ORDER BY 1;
-- converted_at and started_at have the form of their own input
DELETE FROM touches;
DELETE FROM conversions;
INSERT INTO touches VALUES (1, '2018-07-22T20:40:41Z', 'a');
INSERT INTO conversions VALUES (1, 1532292041.5), (1, '2018-07-22 21:40:41');
SELECT converted_at, typeof(converted_at), started_at, seconds_to_convert FROM journeys('touches', 'conversions') ORDER BY conversion_id;
-- time_unit: numbers are milliseconds, durations stay durations, TEXT dates stay dates
DELETE FROM touches;
DELETE FROM conversions;
INSERT INTO touches VALUES (1, 1000, 'a'), (1, 2500, 'b'), (1, 3000.5, 'c'), (1, '1970-01-01 00:00:04', 'd');
INSERT INTO conversions VALUES (1, 5000);
SELECT channel, touched_at, converted_at FROM attribution('touches', 'conversions', 'linear', 'time_unit=ms; lookback=2.5') ORDER BY position;
SELECT path, started_at, seconds_to_convert FROM journeys('touches', 'conversions', 'time_unit=ms');
SELECT path, started_at, seconds_to_convert FROM journeys('touches(entity, ts, channel)', 'conversions', 'time_unit=us; lookback=0.0025') WHERE converted;
-- without the option the same numbers are seconds
SELECT path, started_at, seconds_to_convert FROM journeys('touches', 'conversions', 'lookback=2000') WHERE converted;
-- durations: a number of seconds or a number with a unit; 604800 s is a week
DELETE FROM touches;
DELETE FROM conversions;
INSERT INTO touches VALUES (1, 0, 'old'), (1, 604799, 'recent');
INSERT INTO conversions VALUES (1, 604800);
SELECT '604800', path FROM journeys('touches', 'conversions', 'lookback=604800');
SELECT '1 week', path FROM journeys('touches', 'conversions', 'lookback=1 week');
SELECT '7 days', path FROM journeys('touches', 'conversions', 'lookback=7 days');
SELECT '7d', path FROM journeys('touches', 'conversions', 'lookback=7d');
SELECT '168 hours', path FROM journeys('touches', 'conversions', 'lookback=168 hours');
SELECT '10080 min', path FROM journeys('touches', 'conversions', 'lookback=10080 min');
SELECT '604800 s', path FROM journeys('touches', 'conversions', 'lookback=604800 s');
SELECT '604799 s', path FROM journeys('touches', 'conversions', 'lookback=604799 s') WHERE converted;

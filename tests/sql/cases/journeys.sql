-- journeys: converting and other paths. Times are days.
CREATE TABLE touches(entity, ts, channel);
CREATE TABLE conversions(entity, ts, value);
CREATE TABLE story(entity, day, channel);
INSERT INTO story VALUES (1, 1, 'a'), (1, 2, 'b'), (1, 3, 'b'), (1, 5, 'c'), (1, 20, 'd'), (1, 21, 'd'), (1, 60, 'e'), (2, 1, 'x'), (2, 50, 'y');
INSERT INTO touches SELECT entity, day * 86400, channel FROM story;
INSERT INTO conversions VALUES (1, 3 * 86400, 10), (1, 30 * 86400, NULL), (3, 7 * 86400, 5);
-- all columns: two conversions of 1, its touch after the last, the touches of 2, the conversion of 3 without touches
SELECT entity, conversion_id, converted_at / 86400, value, converted, path, path_length, first_touch, last_touch, started_at / 86400, seconds_to_convert / 86400
FROM journeys('touches', 'conversions') ORDER BY entity, converted_at IS NULL, converted_at, started_at;
-- gap=10 days cuts silences, in and out of the windows
SELECT entity, conversion_id, converted, path FROM journeys('touches', 'conversions', 'gap=10 days') ORDER BY entity, converted, path, conversion_id;
-- lookback=1 day: the touches outside of every window are cut at the conversion times
SELECT entity, conversion_id, converted, path FROM journeys('touches', 'conversions', 'lookback=1 day') ORDER BY entity, converted, path, conversion_id;
-- reset=conversion: the second path starts anew
SELECT entity, conversion_id, converted, path FROM journeys('touches', 'conversions', 'reset=conversion') ORDER BY entity, converted, path, conversion_id;
-- path=, ignore and max_touches apply to journeys that did not convert
SELECT entity, converted, path, path_length, started_at / 86400 FROM journeys('touches', 'conversions', 'path=unique; gap=10 days; max_touches=1; ignore=c') ORDER BY entity, converted, path, started_at;
-- ignore leaves what would be empty as it is
SELECT path FROM journeys('touches', 'conversions', 'ignore=e,x') WHERE NOT converted ORDER BY 1;
-- as_of day 25: the conversion of day 30 and the touch of day 60 do not exist
SELECT entity, conversion_id, converted, path FROM journeys('touches', 'conversions', 'as_of=1970-01-26') ORDER BY entity, converted, path;
-- a label that holds the separator stays as it is
INSERT INTO touches VALUES (5, 1, 'a > b'), (5, 2, '');
SELECT path, path_length, first_touch, last_touch FROM journeys('touches', 'conversions') WHERE entity = 5;

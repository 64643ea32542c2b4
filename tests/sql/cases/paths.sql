-- The path of a conversion, step by step. Numbers before the labels are hours; entity 1 converts at hour 12.
CREATE TABLE touches(entity, ts, channel);
CREATE TABLE conversions(entity, ts);
CREATE TABLE story(entity, hour, channel);
INSERT INTO story VALUES (1, 13, 'late'), (1, 12, 'c'), (1, 9, 'direct'), (1, 5, 'b'), (1, 5, 'a'), (1, 2, 'a'), (1, 2, 'a'), (1, 0, 'x');
INSERT INTO touches SELECT entity, hour * 3600, channel FROM story;
INSERT INTO conversions VALUES (1, 43200);
-- a touch at the conversion's time counts, a later one does not; ties stand in the order of their labels; duplicates stay
SELECT group_concat((touched_at / 3600) || ' ' || channel, ', ') OVER (ORDER BY position)
FROM attribution('touches', 'conversions') ORDER BY position DESC LIMIT 1;
-- journeys shows the same path
SELECT path, path_length FROM journeys('touches', 'conversions') WHERE converted;
-- lookback: exactly 10 hours before counts, a microsecond less of it does not
SELECT path FROM journeys('touches', 'conversions', 'lookback=10 hours') WHERE converted;
SELECT path FROM journeys('touches', 'conversions', 'lookback=35999.999999') WHERE converted;
SELECT path FROM journeys('touches', 'conversions', 'lookback=0') WHERE converted;
-- gap=4 hours: nothing is longer; gap=3 hours cuts between 5 and 9; gap=2 hours leaves what is at the conversion
SELECT path FROM journeys('touches', 'conversions', 'gap=4 hours') WHERE converted;
SELECT path FROM journeys('touches', 'conversions', 'gap=3 hours') WHERE converted;
SELECT path FROM journeys('touches', 'conversions', 'gap=2 hours') WHERE converted;
-- gap: an ignored touch still bridges
SELECT path FROM journeys('touches', 'conversions', 'gap=4 hours; ignore=direct') WHERE converted;
-- ignore: in any capitals, blanks around; when nothing else is left, everything stays
SELECT path FROM journeys('touches', 'conversions', 'ignore=DIRECT , A') WHERE converted;
SELECT path FROM journeys('touches', 'conversions', 'ignore=a,b,c,x,direct') WHERE converted;
-- max_touches after all else
SELECT path FROM journeys('touches', 'conversions', 'max_touches=2; ignore=c') WHERE converted;
SELECT path FROM journeys('touches', 'conversions', 'max_touches=99') WHERE converted;
-- as_of: the conversion is not there yet; then it is, at exactly its time
SELECT count(*) FROM attribution('touches', 'conversions', 'linear', 'as_of=43199');
SELECT count(*) FROM attribution('touches', 'conversions', 'linear', 'as_of=1970-01-01 12:00');
-- path= on x a b a b b x: hours tell which touch was kept
DELETE FROM touches;
INSERT INTO touches VALUES (1, 1, 'x'), (1, 2, 'a'), (1, 3, 'b'), (1, 4, 'a'), (1, 5, 'b'), (1, 6, 'b'), (1, 7, 'x');
SELECT 'all', group_concat(touched_at || channel, ' ') OVER (ORDER BY position) FROM attribution('touches', 'conversions', 'linear', 'path=all') ORDER BY position DESC LIMIT 1;
SELECT 'exposure', group_concat(touched_at || channel, ' ') OVER (ORDER BY position) FROM attribution('touches', 'conversions', 'linear', 'path=exposure') ORDER BY position DESC LIMIT 1;
SELECT 'first', group_concat(touched_at || channel, ' ') OVER (ORDER BY position) FROM attribution('touches', 'conversions', 'linear', 'path=first') ORDER BY position DESC LIMIT 1;
SELECT 'unique', group_concat(touched_at || channel, ' ') OVER (ORDER BY position) FROM attribution('touches', 'conversions', 'linear', 'path=unique') ORDER BY position DESC LIMIT 1;
-- ignore comes before path=, path= before max_touches
SELECT group_concat(touched_at || channel, ' ') OVER (ORDER BY position) FROM attribution('touches', 'conversions', 'linear', 'path=exposure; ignore=a; max_touches=2') ORDER BY position DESC LIMIT 1;
-- reset=conversion: the touch at the first conversion is used up; conversions at one instant share
DELETE FROM touches;
DELETE FROM conversions;
INSERT INTO touches VALUES (1, 1, 'a'), (1, 2, 'b'), (1, 3, 'c'), (2, 1, 'z');
INSERT INTO conversions VALUES (1, 3), (1, 2), (1, 3), (1, 4), (2, 9);
SELECT conversion_id, converted_at, path FROM journeys('touches', 'conversions', 'reset=conversion') WHERE converted ORDER BY entity, converted_at, conversion_id;
-- reset=none: every conversion sees all touches before it
SELECT conversion_id, path FROM journeys('touches', 'conversions', 'reset=none') WHERE converted ORDER BY entity, converted_at, conversion_id;
-- reset and lookback and gap together: the later start holds
SELECT conversion_id, path FROM journeys('touches', 'conversions', 'reset=conversion; lookback=1; gap=5') WHERE converted ORDER BY entity, converted_at, conversion_id;
-- gap: more than it between the last touch and the conversion, and no touch counts
SELECT entity, channel, position, path_length, credit FROM attribution('touches', 'conversions', 'linear', 'gap=7') WHERE entity = 2;
-- the conversion sees its own entity's touches only
SELECT count(*), sum(credit) FROM attribution('touches', 'conversions') WHERE entity = 2 AND channel = 'z';

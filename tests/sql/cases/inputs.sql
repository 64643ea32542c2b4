-- NULL, '', TEXT numbers and keys: what a CSV import or a CRM export holds.
CREATE TABLE touches(entity, ts, channel);
CREATE TABLE conversions(entity, ts, value);
INSERT INTO conversions VALUES (1, 100, 10);
-- a touch without entity or time is skipped; a label that is NULL or '' is (none); a number is its text
INSERT INTO touches VALUES (1, 1, NULL), (1, 2, ''), (1, 3, 'a'), (1, 4, 42), (1, 5, 2.5), (1, NULL, 'no time'), (1, '', 'no time'),
  (NULL, 1, 'nobody'), ('', 1, 'nobody');
SELECT path, path_length FROM journeys('touches', 'conversions') WHERE converted;
SELECT count(*) FROM journeys('touches', 'conversions') WHERE NOT converted;
SELECT channel, typeof(channel) FROM attribution('touches', 'conversions') ORDER BY position;
-- NULL and '' are one label: path=first keeps one (none)
SELECT path FROM journeys('touches', 'conversions', 'path=first') WHERE converted;
-- (none) can be ignored
SELECT path FROM journeys('touches', 'conversions', 'ignore=(None)') WHERE converted;
-- a conversion without entity or time is skipped; one without value counts, its value stays NULL and is 0 in sums
INSERT INTO conversions VALUES (NULL, 100, 1), ('', 100, 1), (1, NULL, 1), (1, '', 1), (2, 100, NULL), (2, 200, ''), (2, 300, 0), (2, 400, -5);
SELECT conversion_id, entity, conversion_value, credit, value FROM attribution('touches', 'conversions', 'last_touch') ORDER BY conversion_id;
SELECT channel, conversions, value, share, touches FROM attribution_summary('touches', 'conversions', 'last_touch');
SELECT entity, conversion_id, value FROM journeys('touches', 'conversions') WHERE converted ORDER BY conversion_id;
-- without a value column every value is NULL, and share counts conversions
SELECT conversion_id, conversion_value, credit, value FROM attribution('touches', 'conversions(entity, ts)', 'last_touch') WHERE entity = 1;
SELECT channel, conversions, value, share, touches FROM attribution_summary('touches', 'conversions(entity, ts)', 'last_touch');
-- a table of two columns is the same
CREATE TABLE signups(entity, ts);
INSERT INTO signups VALUES (1, 100);
SELECT conversion_value, value FROM attribution('touches', 'signups', 'last_touch');
-- TEXT that is a plain number counts as that number: times, values, points
CREATE TABLE csv_touches(entity TEXT, ts TEXT, channel TEXT, points TEXT);
CREATE TABLE csv_deals(entity TEXT, ts TEXT, value TEXT, milestone1 TEXT);
INSERT INTO csv_touches VALUES ('1', '50', 'b', '1'), ('1', '9', 'a', '3'), ('1', '150', 'late', '1'), ('1', '', 'skipped', '1'), ('1', '60', '', '');
INSERT INTO csv_deals VALUES ('1', '100', '80.5', '10'), ('1', '100', '', ''), ('1', '100', '1e2', '55.5');
SELECT conversion_id, channel, position, printf('%g', credit), value FROM attribution('csv_touches', 'csv_deals', 'points') ORDER BY 1, 3;
SELECT conversion_id, channel FROM attribution('csv_touches', 'csv_deals', 'milestone(1)') ORDER BY 1;
-- without a column list the standard names are looked up: here milestones without a value
CREATE TABLE stages(entity, ts, milestone1);
INSERT INTO stages VALUES (1, 100, 3);
SELECT channel, credit, value FROM attribution('touches', 'stages', 'milestone(1)');
-- entity keys compare without affinity: 1 and 1.0 are one key, 1 and '1' are two, text byte by byte
CREATE TABLE key_touches(entity, ts, channel);
CREATE TABLE key_deals(entity, ts);
INSERT INTO key_touches VALUES (1.0, 1, 'number'), ('1', 1, 'text'), ('a', 1, 'small'), ('A', 1, 'capital'), ('a ', 1, 'blank');
INSERT INTO key_deals VALUES (1, 2), ('1', 2), ('a', 2), ('A', 2), ('ä', 2), (2, 2);
SELECT quote(entity), channel FROM attribution('key_touches', 'key_deals') ORDER BY conversion_id;
-- an entity column's affinity does not matter: INTEGER meets REAL
CREATE TABLE real_touches(entity REAL, ts, channel);
CREATE TABLE int_deals(entity INTEGER, ts);
INSERT INTO real_touches VALUES (7, 1, 'met');
INSERT INTO int_deals VALUES (7, 2);
SELECT channel FROM attribution('real_touches', 'int_deals');
-- 2^53 + 1 and 2^53 are two keys, though a double cannot tell them apart
INSERT INTO key_touches VALUES (9007199254740993, 1, 'odd'), (9007199254740992, 1, 'even');
INSERT INTO key_deals VALUES (9007199254740993, 2), (9007199254740992.0, 2);
SELECT channel FROM attribution('key_touches', 'key_deals') WHERE channel IN ('odd', 'even') ORDER BY conversion_id;
-- an INTEGER of 2^53 is still a value
INSERT INTO conversions VALUES (3, 100, 9007199254740992);
SELECT value = 9007199254740992 FROM attribution('touches', 'conversions') WHERE entity = 3;
-- empty relations are no error
CREATE TABLE no_touches(entity, ts, channel);
CREATE TABLE no_deals(entity, ts, value);
SELECT count(*) FROM attribution('touches', 'no_deals', 'all');
SELECT count(*) FROM attribution_summary('touches', 'no_deals', 'all');
SELECT channel, sum(credit) FROM attribution('no_touches', 'csv_deals') GROUP BY 1;
SELECT converted, path FROM journeys('touches', 'no_deals');
SELECT count(*) FROM journeys('no_touches', 'no_deals');

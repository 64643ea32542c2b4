-- Ids: the rowid, or the column that touch_id and conversion_id name; order within equal times.
CREATE TABLE touches(crm_id, entity, ts, channel, points);
CREATE TABLE conversions(deal, entity, ts, value);
INSERT INTO touches(rowid, crm_id, entity, ts, channel, points) VALUES (10, 't2', 1, 5, 'a', 1), (5, 't3', 1, 5, 'a', 2), (7, 't1', 1, 5, 'a', 3), (20, 't0', 1, 4, 'z', 4);
INSERT INTO conversions(rowid, deal, entity, ts, value) VALUES (33, 'D-1', 1, 9, 10), (2, 'D-2', 1, 9, 20);
-- the rowid: it orders touches of one time and label
SELECT conversion_id, touch_id, position FROM attribution('touches', 'conversions') WHERE conversion_id = 33 ORDER BY position;
-- INTEGER PRIMARY KEY is the rowid
CREATE TABLE keyed(id INTEGER PRIMARY KEY, entity, ts, channel);
INSERT INTO keyed VALUES (1000, 1, 1, 'a');
SELECT touch_id FROM attribution('keyed', 'conversions') WHERE conversion_id = 2;
-- a CRM's own ids: they order touches of one time and label
SELECT conversion_id, touch_id, position, points FROM (
  SELECT a.*, t.points FROM attribution('touches', 'conversions', 'linear', 'touch_id=crm_id; conversion_id=deal') AS a JOIN touches AS t ON t.crm_id = a.touch_id)
WHERE conversion_id = 'D-2' ORDER BY position;
SELECT conversion_id FROM journeys('touches', 'conversions', 'conversion_id=deal') ORDER BY 1;
-- an id may be NULL; the row counts
UPDATE touches SET crm_id = NULL WHERE channel = 'z';
SELECT touch_id, channel FROM attribution('touches', 'conversions', 'first_touch', 'touch_id=crm_id') WHERE conversion_id = 2;
-- a view has no ids, but may name columns that have
CREATE VIEW touch_view AS SELECT rowid AS id, entity, ts, channel FROM touches;
CREATE VIEW deal_view AS SELECT deal, entity, ts, value FROM conversions;
SELECT DISTINCT touch_id, conversion_id FROM attribution('touch_view', 'deal_view');
SELECT conversion_id, touch_id, position FROM attribution('touch_view', 'deal_view', 'linear', 'touch_id=id; conversion_id=deal') ORDER BY conversion_id, position;
-- WITHOUT ROWID: no ids, unless named
CREATE TABLE compact(code TEXT PRIMARY KEY, entity, ts, channel) WITHOUT ROWID;
INSERT INTO compact VALUES ('b', 1, 1, 'x'), ('a', 1, 1, 'x');
SELECT touch_id, channel FROM attribution('compact', 'conversions') WHERE conversion_id = 2;
SELECT touch_id, channel FROM attribution('compact', 'conversions', 'linear', 'touch_id=code') WHERE conversion_id = 2 ORDER BY position;
-- without ids, points order touches of one time and label
CREATE VIEW point_view AS SELECT entity, ts, channel, points FROM touches;
SELECT position, printf('%g', credit) FROM attribution('point_view', 'conversions', 'points') WHERE conversion_id = 2 ORDER BY position;
-- every column has a name and a declared type
CREATE TEMP VIEW credits AS SELECT * FROM attribution('touches', 'conversions');
CREATE TEMP VIEW totals AS SELECT * FROM attribution_summary('touches', 'conversions');
CREATE TEMP VIEW paths AS SELECT * FROM journeys('touches', 'conversions');
SELECT group_concat(name, ' ') FROM pragma_table_info('credits');
SELECT group_concat(name, ' ') FROM pragma_table_info('totals');
SELECT group_concat(name, ' ') FROM pragma_table_info('paths');
SELECT count(*) FROM (SELECT type FROM pragma_table_info('credits') UNION ALL SELECT type FROM pragma_table_info('totals') UNION ALL SELECT type FROM pragma_table_info('paths')) WHERE type = '';

-- Audits: one row per finding, by relation, severity, finding, id. Times are seconds; 1700000000 is 2023-11-14 22:13:20.
CREATE TABLE touches(entity, ts, channel, points);
CREATE TABLE conversions(entity, ts, value, lead_at, opp_at);
INSERT INTO touches VALUES
  (1, 1700000000, 'ads', 5),
  (1, 1700000010, 'Ads ', -5),
  (1, 1700000010, 'Ads ', 5),
  (NULL, 1700000010, 'ads', 5),
  (2, '20231114', 'ads', 5),
  (2, 'soon', x'00', 'many'),
  (3, 1700000500, NULL, NULL),
  ('4 ', 1700000000, 'ads', 1),
  (5, '', 'ads', 1);
INSERT INTO conversions VALUES
  (1, 1700000100, 10, 1700000001, 1700000002),
  (1, 1700000100, 10.0, 1700000001, 1700000002),
  (3, 1700000100, -2.5, 1700000050, 1700000040),
  (4, 1700000100, NULL, 1700000101, NULL),
  (6, 1700000100, '1e3', NULL, '2023-11-14'),
  (6, 1700000100, '1,000', 'x', NULL);
-- touch 1: nothing; 2, 3: the same touch twice; 4: no entity; 5, 6: no time; 7: no label, no points, after the conversion of 3; 8: '4 ' is nearly 4; 9: no time
-- conversion 1, 2: the same twice; 3: milestones the wrong way round, negative, its touch is later; 4: nearly matches, lead_at is later, opp_at is missing; 5: lead_at is missing; 6: unreadable value and milestone
-- points: -5 + 5 of rows 2, 3 and 5 of row 1 are 5: positive. Used values: 10 + 10 - 2.5 + 1000 = 1017.5, without touches -2.5 + 1000
SELECT severity, finding, relation, row_id, detail, rows FROM attribution_audit('touches(entity, ts, channel, points)', 'conversions(entity, ts, value, lead_at, opp_at)');
-- most=1: the first of each, and how many more
SELECT finding, row_id, detail, rows FROM attribution_audit('touches(entity, ts, channel, points)', 'conversions(entity, ts, value)', 'most=1') WHERE detail LIKE '...%';
-- a view has no ids; ids that a column names
CREATE VIEW touch_view AS SELECT rowid AS id, entity, ts, channel FROM touches WHERE rowid IN (1, 2, 3, 6);
SELECT finding, row_id, detail FROM attribution_audit('touch_view', 'conversions(entity, ts)') WHERE relation = 'touches' AND severity = 'error';
SELECT finding, row_id FROM attribution_audit('touch_view', 'conversions(entity, ts)', 'touch_id=id') WHERE relation = 'touches' AND severity <> 'note';
-- as_of: what is later does not exist, so conversions at 1700000100 do not
SELECT finding, relation, count(*) FROM attribution_audit('touches', 'conversions', 'as_of=1700000050') WHERE finding IN ('future_time', 'no_touches', 'duplicate') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT detail FROM attribution_audit('touches', 'conversions', 'as_of=1700000050') WHERE finding = 'summary';
-- all text against all numbers
CREATE VIEW text_touches AS SELECT CAST(entity AS TEXT) AS entity, ts, channel FROM touches WHERE rowid IN (1, 2, 7);
SELECT severity, finding, relation, row_id, detail, rows FROM attribution_audit('text_touches', 'conversions') WHERE severity = 'error' AND row_id IS NULL;
-- stage events: 2 skips b; 3 goes back; 4 has a stage of another spelling, an unknown one, two at one time; 5 is unreadable; 6 exits without a pass and twice the same
CREATE TABLE events(entity, ts, stage);
INSERT INTO events VALUES
  (1, 1700000000, 'a'), (1, 1700000010, 'b'), (1, 1700000020, 'c'),
  (2, 1700000000, 'a'), (2, 1700000010, 'c'),
  (3, 1700000000, 'a'), (3, 1700000005, 'b'), (3, 1700000006, 'a'), (3, 1700000007, 'b'),
  (4, 1700000000, ' A'), (4, 1700000000, 'lots'), (4, 1700000001, 'a'), (4, 1700000001, 'b'),
  (5, x'00', 'a'), (5, NULL, 'b'), (NULL, 1, 'c'), (5, 1700000000, NULL),
  (6, 1700000000, 'lost'), (6, 1700000000, 'lost');
SELECT severity, finding, relation, row_id, detail, rows FROM funnel_audit('events', 'a > b > c', 'exits=lost,gone');
-- every column has a name and a declared type
CREATE TEMP VIEW findings AS SELECT * FROM attribution_audit('touches', 'conversions');
CREATE TEMP VIEW stage_findings AS SELECT * FROM funnel_audit('events', 'a > b > c');
SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('findings');
SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('stage_findings');

-- Tables so large that work on them is cut into parts for threads (from 65,536 rows), and that several connections read them.
DROP TABLE IF EXISTS touches;
DROP TABLE IF EXISTS visits;
DROP TABLE IF EXISTS conversions;
DROP TABLE IF EXISTS events;
DROP TABLE IF EXISTS open_deals;
CREATE TABLE touches(id INTEGER PRIMARY KEY, entity INTEGER, ts INTEGER, channel TEXT);
WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 140000)
INSERT INTO touches SELECT i, i * 7919 % 20011, 1700000000 + i * 61, 'channel ' || (i * 31 % 13) FROM n;
-- keys that are UUIDs
CREATE TABLE visits(id INTEGER PRIMARY KEY, visitor TEXT, ts INTEGER, page TEXT);
INSERT INTO visits SELECT id, printf('%08x-%04x-4%03x-8%03x-%012x', entity * 2654435761 % 4294967296, entity % 65536, entity % 4096, entity % 4093, entity * 40503 % 281474976710656), ts, channel
  FROM touches WHERE id <= 70000;
CREATE TABLE conversions(id INTEGER PRIMARY KEY, entity INTEGER, ts INTEGER, value REAL);
INSERT INTO conversions SELECT id, entity, ts + 1000, 10.25 + id % 97 FROM touches WHERE id % 47 = 0;
CREATE TABLE events(id INTEGER PRIMARY KEY, entity INTEGER, ts INTEGER, stage TEXT, label TEXT);
INSERT INTO events SELECT id, entity, ts, iif(id % 7 = 0, 'lost', iif(id % 5 = 0, 'won', iif(id % 3 = 0, 'sql', 'mql'))), 'source ' || id % 5 FROM touches WHERE id <= 70000;
CREATE TABLE open_deals(id INTEGER PRIMARY KEY, ts INTEGER, stage TEXT, value REAL);
INSERT INTO open_deals SELECT id, ts, iif(id % 3, 'mql', 'sql'), id % 1000 FROM touches WHERE id BETWEEN 69000 AND 70000;

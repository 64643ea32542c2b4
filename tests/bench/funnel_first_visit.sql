-- Another question than funnel_plain.sql, and a cheaper one: how far each entity gets from its first visit, where
-- window_funnel() takes the furthest of all visits. The two must be equal for entities that have one time of visiting,
-- and this one can never be further; the last columns say who has one. Built as funnel_plain.sql is.
CREATE TEMP TABLE log(entity, step, ts, PRIMARY KEY(entity, step, ts)) WITHOUT ROWID;

INSERT OR IGNORE INTO log
SELECT entity, CASE stage WHEN 'visit' THEN 1 WHEN 'signup' THEN 2 WHEN 'trial' THEN 3 WHEN 'quote' THEN 4
                          WHEN 'order' THEN 5 WHEN 'renewal' THEN 6 END AS step, ts
FROM events ORDER BY entity, step, ts;

WITH
s1 AS (SELECT entity, count(*) = 1 AS single, min(ts) AS t1 FROM log WHERE step = 1 GROUP BY entity),
s2 AS (SELECT *, iif(t1 IS NULL, NULL, (SELECT ts FROM log WHERE entity = s.entity AND step = 2 AND ts >= t1
                                        AND ts <= t1 + 2592000 ORDER BY ts LIMIT 1)) AS t2 FROM s1 s LIMIT -1),
s3 AS (SELECT *, iif(t2 IS NULL, NULL, (SELECT ts FROM log WHERE entity = s.entity AND step = 3 AND ts >= t2
                                        AND ts <= t1 + 2592000 ORDER BY ts LIMIT 1)) AS t3 FROM s2 s LIMIT -1),
s4 AS (SELECT *, iif(t3 IS NULL, NULL, (SELECT ts FROM log WHERE entity = s.entity AND step = 4 AND ts >= t3
                                        AND ts <= t1 + 2592000 ORDER BY ts LIMIT 1)) AS t4 FROM s3 s LIMIT -1),
s5 AS (SELECT *, iif(t4 IS NULL, NULL, (SELECT ts FROM log WHERE entity = s.entity AND step = 5 AND ts >= t4
                                        AND ts <= t1 + 2592000 ORDER BY ts LIMIT 1)) AS t5 FROM s4 s LIMIT -1),
s6 AS (SELECT *, iif(t5 IS NULL, NULL, (SELECT ts FROM log WHERE entity = s.entity AND step = 6 AND ts >= t5
                                        AND ts <= t1 + 2592000 ORDER BY ts LIMIT 1)) AS t6 FROM s5 s LIMIT -1),
levels(level, single) AS (SELECT 1 + (t2 IS NOT NULL) + (t3 IS NOT NULL) + (t4 IS NOT NULL) + (t5 IS NOT NULL)
                                 + (t6 IS NOT NULL), single FROM s6)
SELECT level, count(*), sum(single) FROM levels GROUP BY level ORDER BY level;

-- The levels of window_funnel() in DuckDB, greedily: from each visit the next signup, from that the next trial and so
-- on, each an ASOF join, all within 30 days of the visit. Slower were sorted lists per entity: making them took
-- four times as long, before anything is found in them.
WITH
s1 AS (SELECT entity, ts AS t1, ts AS t FROM events WHERE stage = 'visit'),
s2 AS (SELECT s.entity, t1, e.ts AS t FROM s1 s ASOF JOIN (SELECT entity, ts FROM events WHERE stage = 'signup') e
       ON e.entity = s.entity AND e.ts >= s.t WHERE e.ts <= t1 + 2592000),
s3 AS (SELECT s.entity, t1, e.ts AS t FROM s2 s ASOF JOIN (SELECT entity, ts FROM events WHERE stage = 'trial') e
       ON e.entity = s.entity AND e.ts >= s.t WHERE e.ts <= t1 + 2592000),
s4 AS (SELECT s.entity, t1, e.ts AS t FROM s3 s ASOF JOIN (SELECT entity, ts FROM events WHERE stage = 'quote') e
       ON e.entity = s.entity AND e.ts >= s.t WHERE e.ts <= t1 + 2592000),
s5 AS (SELECT s.entity, t1, e.ts AS t FROM s4 s ASOF JOIN (SELECT entity, ts FROM events WHERE stage = 'order') e
       ON e.entity = s.entity AND e.ts >= s.t WHERE e.ts <= t1 + 2592000),
s6 AS (SELECT s.entity, t1, e.ts AS t FROM s5 s ASOF JOIN (SELECT entity, ts FROM events WHERE stage = 'renewal') e
       ON e.entity = s.entity AND e.ts >= s.t WHERE e.ts <= t1 + 2592000),
reached AS (
  SELECT 0 AS level, count(DISTINCT entity) AS entities FROM events
  UNION ALL SELECT 1, count(DISTINCT entity) FROM s1 UNION ALL SELECT 2, count(DISTINCT entity) FROM s2
  UNION ALL SELECT 3, count(DISTINCT entity) FROM s3 UNION ALL SELECT 4, count(DISTINCT entity) FROM s4
  UNION ALL SELECT 5, count(DISTINCT entity) FROM s5 UNION ALL SELECT 6, count(DISTINCT entity) FROM s6),
levels AS (SELECT level, entities - coalesce(lead(entities) OVER (ORDER BY level), 0) AS entities FROM reached)
SELECT level, entities FROM levels WHERE entities > 0 ORDER BY level

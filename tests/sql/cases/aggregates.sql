-- first_touch, last_touch, weighted_credit, touch_credit, attribution_version.
CREATE TABLE t(g, v, ts, points);
INSERT INTO t VALUES (1, 'b', 20, 1), (1, 'a', 10, 3), (1, 'c', 20, 0), (1, NULL, 5, 9), (1, '', 5, 9), (1, 'late', NULL, 9), (1, 'late', '', 9);
-- rows without value or time are skipped; at equal times the smallest is first, the largest last
SELECT first_touch(v, ts), last_touch(v, ts) FROM t;
UPDATE t SET ts = 20 WHERE v = 'a';
SELECT first_touch(v, ts), last_touch(v, ts) FROM t;
-- classes tie in SQLite's order: numbers, text, blobs; the value keeps its class
WITH v(v) AS (VALUES ('text'), (2), (x'00'), (1.5), ('')) SELECT quote(first_touch(v, 1)), quote(last_touch(v, 1)) FROM v;
-- time may be text in every form; an earlier instant wins whatever its text
WITH v(v, ts) AS (VALUES ('noon', '2024-01-01 12:00'), ('eve', '2024-01-01T00:30+01:00'), ('day', '2024-01-01'), ('number', 1704067201))
SELECT first_touch(v, ts), last_touch(v, ts) FROM v;
-- no rows: NULL
SELECT first_touch(v, ts), last_touch(v, ts) FROM t WHERE g = 99;
SELECT first_touch(NULL, ts), last_touch(v, NULL) FROM t;
-- FILTER, GROUP BY, and a window without a frame of its own
SELECT first_touch(v, ts) FILTER (WHERE v > 'a') FROM t;
SELECT v, first_touch(v, ts) OVER (ORDER BY v DESC) FROM t WHERE v IN ('a', 'b', 'c') ORDER BY v;
-- weighted_credit: labels in the order of their first touch, shares of a label added
WITH p(l, ts) AS (VALUES ('z', 1), ('a', 2), ('z', 3), ('m', 4)) SELECT weighted_credit(l, ts, 'linear') FROM p;
-- at equal times the order is that of the labels
WITH p(l, ts) AS (VALUES ('z', 1), ('m', 1), ('a', 9), ('b', 8)) SELECT weighted_credit(l, ts, 'linear') FROM p;
-- rows later than converted_at do not count; exactly at it does
WITH p(l, ts) AS (VALUES ('a', 1), ('b', 2), ('c', 3)) SELECT weighted_credit(l, ts, 'linear', 2) FROM p;
-- labels that are NULL or '' are (none), a number is its text, rows without time are skipped
WITH p(l, ts) AS (VALUES (NULL, 1), ('', 2), (7, 3), ('x', NULL), (7, 4)) SELECT weighted_credit(l, ts, 'linear') FROM p;
-- points
WITH p(l, ts, points) AS (VALUES ('a', 1, 3), ('b', 2, '1'), ('c', 9, 100)) SELECT weighted_credit(l, ts, 'points', 5, points) FROM p;
-- participation: every label 1
WITH p(l, ts) AS (VALUES ('a', 1), ('b', 2), ('a', 3)) SELECT weighted_credit(l, ts, 'participation') FROM p;
-- no rows: NULL; no eligible row: (unattributed)
WITH p(l, ts) AS (VALUES ('a', 1)) SELECT weighted_credit(l, ts, 'linear') FROM p WHERE l = 'b';
WITH p(l, ts) AS (VALUES ('a', 7), ('b', 8)) SELECT weighted_credit(l, ts, 'linear', 5) FROM p;
-- touch_credit: the share of each row
CREATE TABLE w(g, x, points);
INSERT INTO w VALUES (1, 30, 5), (1, 10, 1), (1, 20, 4), (1, NULL, 9), (1, 40, 9), (2, 15, 1);
SELECT g, x, touch_credit(x, 'position_based') OVER (PARTITION BY g ORDER BY x ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM w ORDER BY g, x;
-- later than converted_at: 0
SELECT g, x, touch_credit(x, 'j_shaped', 30) OVER (PARTITION BY g ORDER BY x ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM w ORDER BY g, x;
-- points
SELECT x, touch_credit(x, 'points', 30, points) OVER (ORDER BY x ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM w WHERE g = 1 ORDER BY x;
-- equal times share equally what their positions earn
DELETE FROM w;
INSERT INTO w VALUES (1, 10, 0), (1, 10, 0), (1, 20, 0), (1, 30, 0), (1, 30, 0), (1, 30, 0);
SELECT x, printf('%g', touch_credit(x, 'first_touch') OVER f), printf('%g', touch_credit(x, 'position_based') OVER f)
FROM w WINDOW f AS (ORDER BY x ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) ORDER BY x;
-- attribution_version names a version
SELECT attribution_version() GLOB '*[0-9].[0-9]*', typeof(attribution_version());
-- rows without a time are none: NULL; paths that are later than converted_at are (unattributed)
SELECT weighted_credit('a', NULL, 'linear'), weighted_credit('a', 5, 'linear', 2);

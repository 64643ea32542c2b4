-- engagement_score, lift, auc, email_domain, web_domain.
CREATE TABLE t(g, points, ts);
INSERT INTO t VALUES ('a', 8, 1000), ('a', 8, 900), ('a', 4, 800), ('a', 100, 1001), ('b', -3, 1000), ('b', 16, 800), ('c', 5, 2000);
-- as of 1000, half after every 100 seconds: a 8 + 4 + 1, b -3 + 4, c nothing yet
SELECT g, engagement_score(points, ts, 1000, 100) FROM t GROUP BY g ORDER BY g;
-- as of 1100 the row of 1001 counts, 99 seconds old: 100 * 2^-0.99 = 50.3477775028; the others 4 + 2 + 0.5
SELECT engagement_score(points, ts, 1100, 100) FROM t WHERE g = 'a';
-- rows without points or time are skipped; points may be text; a row of exactly as_of counts
WITH v(points, ts) AS (VALUES (NULL, 10), ('', 10), (7, NULL), (7, ''), ('1.5', 10), (' 2 ', 10)) SELECT engagement_score(points, ts, 10, 1) FROM v;
-- times and durations in every form: two weeks before is half of 6, four weeks before a quarter of 4
WITH v(points, ts) AS (VALUES (6, '2024-06-16'), (4, '2024-06-02T00:00Z'), (9, '2024-06-30 00:00:01'), (1, '2024-06-30T02:00+02:00')) SELECT engagement_score(points, ts, '2024-06-30', '2 weeks') FROM v;
-- what is the same instant and the same duration is the same argument
WITH v(points, ts, as_of, half_life) AS (VALUES (6, 0, '1970-01-02', '1 day'), (6, 0, 86400, 86400), (6, 0, '1970-01-02 00:00', '24 hours')) SELECT engagement_score(points, ts, as_of, half_life) FROM v;
-- no as_of: NULL; no row that counts, and no row at all: 0
SELECT engagement_score(points, ts, NULL, 100), engagement_score(points, ts, '', 100), engagement_score(points, ts, 0, 100), engagement_score(NULL, ts, 1000, 100) FROM t;
SELECT engagement_score(points, ts, 1000, 100) FROM t WHERE g = 'z';
SELECT engagement_score(points, ts, NULL, 100) FROM t WHERE g = 'z';
-- FILTER
SELECT engagement_score(points, ts, 1000, 100) FILTER (WHERE points > 4) FROM t;
-- what is very old fades to nothing, quietly; the longest half-life is all time, 10,000 years
SELECT engagement_score(1e290, '0001-01-01', '2024-01-01', 1), engagement_score(1, '0001-01-01', '9999-12-31', '1000000000 weeks') > 0.5;
-- lift: counts and rates
CREATE TABLE e(treated, converted);
INSERT INTO e VALUES (1, 1), (1, 1), (1, 1), (1, 0), (0, 1), (0, 0), (0, 0), (0, 0);
SELECT json_extract(lift(treated, converted), '$.treated', '$.treated_converted', '$.treated_rate', '$.control', '$.control_converted', '$.control_rate') FROM e;
-- 3 of 4 against 1 of 4: z = 0.5 / sqrt(1/2 * 1/2 * (1/4 + 1/4)) = sqrt(2), p = erfc(1)
SELECT json_extract(lift(treated, converted), '$.lift'), json_extract(lift(treated, converted), '$.relative'), json_extract(lift(treated, converted), '$.p_value') FROM e;
-- names and their order
SELECT group_concat(key, ' ') FROM json_each((SELECT lift(treated, converted) FROM e));
-- Newcombe (1998): 56 of 70 against 48 of 80 is 0.2, from 0.0524 to 0.3339
CREATE TABLE newcombe(treated, converted);
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 150) INSERT INTO newcombe SELECT i <= 70, iif(i <= 70, i <= 56, i <= 118) FROM n;
SELECT round(json_extract(x, '$.lift'), 4), round(json_extract(x, '$.low'), 4), round(json_extract(x, '$.high'), 4) FROM (SELECT lift(treated, converted) AS x FROM newcombe);
-- 0.95 unless said otherwise; without a confidence no interval
SELECT lift(treated, converted) = lift(treated, converted, 0.95), lift(treated, converted) = lift(treated, converted, '0.95') FROM newcombe;
SELECT json_extract(x, '$.low'), json_extract(x, '$.high'), round(json_extract(x, '$.lift'), 4) FROM (SELECT lift(treated, converted, NULL) AS x FROM newcombe);
-- truth is SQLite's: not 0; text that is a number counts; rows with a NULL or '' are skipped
WITH v(t, c) AS (VALUES (2, -1), ('1', '0'), (0.5, 0), ('0', 1), (0, 0.0), (NULL, 1), (1, NULL), ('', 1), (1, '')) SELECT lift(t, c) FROM v WHERE t IS NULL OR c IS NULL OR t = '' OR c = '';
WITH v(t, c) AS (VALUES (2, -1), ('1', '0'), (0.5, 0), ('0', 1), (0, 0.0), (NULL, 1), (1, NULL), ('', 1), (1, '')) SELECT json_extract(lift(t, c), '$.treated', '$.treated_converted', '$.control', '$.control_converted') FROM v;
-- what cannot be computed is null: one group is empty, no control converted, all or none converted
SELECT lift(1, converted) FROM e WHERE treated;
SELECT lift(0, converted) FROM e WHERE NOT treated;
SELECT json_extract(lift(treated, treated), '$.lift', '$.relative') FROM e;
SELECT json_extract(lift(treated, 0), '$.lift', '$.relative', '$.p_value'), json_extract(lift(treated, 1), '$.lift', '$.relative', '$.p_value') FROM e;
-- no rows
SELECT lift(treated, converted) FROM e WHERE treated = 9;
-- FILTER
SELECT json_extract(lift(treated, converted) FILTER (WHERE converted), '$.treated', '$.control') FROM e;
-- auc: 9 and 5 converted, 7, 5 and 1 did not: (3 + 1.5) of 6 pairs
CREATE TABLE s(score, won);
INSERT INTO s VALUES (9, 1), (5, 1), (7, 0), (5, 0), (1, 0);
SELECT auc(score, won), auc(-score, won), auc(score, NOT won), auc(0, won) FROM s;
-- a score may be text or a real, and only its order counts; rows with a NULL or '' are skipped
WITH v(s, w) AS (VALUES (' 9 ', 1), (5.0, '1'), ('7', 0), (5, '0'), (-1e9, 0), (NULL, 1), ('', 0), (8, NULL), (8, '')) SELECT auc(s, w) FROM v;
-- 0 and -0 are one score
WITH v(s, w) AS (VALUES (-0.0, 1), (0, 0)) SELECT auc(s, w) FROM v;
-- only one kind, or no rows: NULL
SELECT auc(score, 1), auc(score, 0), auc(NULL, won), auc(score, NULL) FROM s;
SELECT auc(score, won) FROM s WHERE score > 100;
-- FILTER
SELECT auc(score, won) FILTER (WHERE score <> 5) FROM s;
-- email_domain: after the last @, in small letters, without the dot that may end it
WITH v(t) AS (VALUES ('jane@Mail.Example.COM'), ('Jane Doe <jane@example.com>'), ('mailto:jane@example.com?subject=a@b.org'), ('  jane@example.com. '), ('a@b@example.co.uk'), ('"a b"@example.com'), ('j@BÜCHER.de')) SELECT t, email_domain(t) FROM v;
-- no domain: no @, nothing on one side of it, no dot, an empty label, a blank, two addresses, a number for a name
WITH v(t) AS (VALUES ('jane'), ('@example.com'), ('jane@'), ('jane@localhost'), ('jane@example..com'), ('jane@exa mple.com'), ('ask jane@example.com'), ('a@b.com, c@d.com'), ('jane@10.0.0.1'), (''), (NULL), (12.5)) SELECT t, email_domain(t) FROM v;
-- web_domain: without scheme, user, port, path, a leading www. and the dot that may end it
WITH v(t) AS (VALUES ('HTTPS://user:pw@www.Example.com:8080/path?x#y'), ('www.example.com'), ('example.com/path'), ('//example.com'), ('example.com.'), ('www.com'), ('www.co.uk'), ('http://shop.example.com?u=http://b.org'), ('jane@example.com')) SELECT t, web_domain(t) FROM v;
-- no domain
WITH v(t) AS (VALUES ('localhost:80'), ('http://[::1]/'), ('http://10.0.0.1/'), ('n/a'), ('see example.com'), ('http:example.com'), ('example.com:x'), (''), (NULL), (12.5)) SELECT t, web_domain(t) FROM v;
-- people meet their accounts
WITH people(email) AS (VALUES ('a@Acme.com'), ('b@gmail.com'), ('c@mail.acme.com')), companies(website) AS (VALUES ('https://www.acme.com/'), ('globex.com'))
SELECT email, website FROM people LEFT JOIN companies ON web_domain(website) = email_domain(email) ORDER BY email;
-- in an index
CREATE TABLE companies(website);
CREATE INDEX by_domain ON companies(web_domain(website));
INSERT INTO companies VALUES ('https://www.acme.com/'), ('globex.com'), (NULL);
SELECT website FROM companies INDEXED BY by_domain WHERE web_domain(website) = 'acme.com';

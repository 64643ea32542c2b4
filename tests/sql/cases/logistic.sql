-- logistic_fit, logistic_predict.
CREATE TABLE t(x, y, times);
INSERT INTO t VALUES (1, 1, 10), (1, 0, 20), (0, 1, 5), (0, 0, 40);
CREATE VIEW rows AS WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) SELECT x, y FROM t JOIN n ON i <= times;
CREATE VIEW model(m) AS SELECT logistic_fit(y, x) FROM rows;
-- a table of 10, 20 / 5, 40: log(10 * 40 / (20 * 5)) = log 4, its error sqrt(1/10 + 1/20 + 1/5 + 1/40)
SELECT json_extract(m, '$.coefficients[0]'), json_extract(m, '$.std_errors[1]') FROM model;
-- the intercept is log(5 / 40), its error sqrt(1/5 + 1/40)
SELECT json_extract(m, '$.intercept'), json_extract(m, '$.std_errors[0]') FROM model;
-- z is the one over the other
SELECT json_extract(m, '$.z[0]'), json_extract(m, '$.z[1]') FROM model;
-- keys in their order
SELECT group_concat(key) FROM model, json_each(m);
-- rows, those with y, the ridge
SELECT json_extract(m, '$.n'), json_extract(m, '$.positives'), json_extract(m, '$.ridge') FROM model;
-- predictions are the rates: 10 of 30, 5 of 45
SELECT x, logistic_predict((SELECT m FROM model), x) FROM t GROUP BY x ORDER BY x;
-- without predictors: log(15 / 60), sqrt(1/15 + 1/60); both deviances are the same; predicted is 15 of 75
SELECT json_extract(m, '$.intercept'), json_extract(m, '$.std_errors[0]'), abs(json_extract(m, '$.deviance') - json_extract(m, '$.null_deviance')) < 1e-12, json_extract(m, '$.coefficients'), logistic_predict(m)
  FROM (SELECT logistic_fit(y) AS m FROM rows);
-- y is a condition, x may be text, rows with a NULL or '' do not count: log(4) again
SELECT json_extract(logistic_fit(y = 'won', x), '$.coefficients[0]') FROM
  (SELECT iif(y, 'won', 'lost') AS y, CAST(x AS TEXT) AS x FROM rows UNION ALL VALUES (NULL, 1), ('won', NULL), ('lost', ''));
-- no rows, and none that counts: NULL
SELECT logistic_fit(y, x) FROM rows WHERE x > 1;
SELECT logistic_fit(NULL, x) FROM rows;
-- options come first
SELECT json_extract(logistic_fit('ridge=2', y, x), '$.ridge'), logistic_fit('', x) IS NULL FROM rows;
-- a prediction without a model, or without an x
SELECT logistic_predict(NULL, 1), logistic_predict((SELECT m FROM model), NULL);
-- a model by hand: log odds 0, and 800 and -800 without overflow
SELECT logistic_predict('{"intercept": 0, "coefficients": [1]}', 0), logistic_predict('{"intercept": 0, "coefficients": [1]}', 800),
       logistic_predict('{"coefficients": [1], "intercept": 0}', -800);
-- groups
SELECT g, json_extract(logistic_fit(y, x), '$.positives') FROM rows, (SELECT 'a' AS g UNION SELECT 'b') GROUP BY g ORDER BY g;

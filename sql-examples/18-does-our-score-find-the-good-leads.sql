-- 18. Does our score find the good leads?
--
-- A score is a promise about the future, so it is judged by what followed. We go back 90 days, to the evening of
-- 2024-10-02, take every lead that was on its way then (inquiry, mql or sal, not yet decided), with its stage and
-- its score as they were logged by then, and look who became an SQL (a sales qualified lead) in the 90 days up to
-- today. Today's score would know the answer already. A recycled lead is not on its way. Leads that sales brought
-- in have no score: they are counted and left out. Probabilities are learned one snapshot earlier, from 2024-07-04
-- and the 90 days after it, so nothing of what they are tested on has been seen; both snapshots lie after the
-- change of the MQL definition.

.headers on
.mode column

CREATE TEMP VIEW snapshots(taken_at, role) AS
  VALUES ('2024-07-04 23:59:59', 'learn'), ('2024-10-02 23:59:59', 'test');

-- What was known of each lead on its way: stage, days since its last step, score; and what followed.
CREATE TEMP TABLE known AS
  WITH state AS (
    SELECT s.taken_at, s.role, e.lead_id, e.stage, julianday(s.taken_at) - julianday(e.entered_at) AS days_waiting,
           row_number() OVER (PARTITION BY s.role, e.lead_id ORDER BY e.entered_at DESC, e.event_id DESC) AS nth
    FROM snapshots AS s JOIN stage_events AS e ON e.entered_at <= s.taken_at
  )
  SELECT role, lead_id, stage, days_waiting,
         (SELECT l.score FROM score_log AS l WHERE l.lead_id = state.lead_id AND l.scored_at <= taken_at
           ORDER BY l.scored_at DESC, l.score_id DESC LIMIT 1) AS score,
         EXISTS (SELECT 1 FROM stage_events AS e WHERE e.lead_id = state.lead_id AND e.stage = 'sql'
                   AND e.entered_at > taken_at AND e.entered_at <= datetime(taken_at, '90 days')) AS became_sql
  FROM state
  WHERE nth = 1 AND stage IN ('inquiry', 'mql', 'sal');

-- The snapshots. `auc` is the chance that of two leads, one that became an SQL and one that did not, the score
-- puts the right one first: 0.5 is a coin, 1 is perfect.
SELECT role, count(*) AS leads, sum(score IS NULL) AS without_score, sum(became_sql) AS became_sql,
       printf('%.1f %%', 100 * avg(became_sql)) AS rate, printf('%.3f', auc(score, became_sql)) AS auc
FROM known
GROUP BY role
ORDER BY role;

-- Deciles of the score on 2024-10-02, best first. decile_lift: rate of the tenth over the rate of all; found: share
-- of all their later SQLs down to here. Equal scores on a border are divided by lead_id, which means nothing.
WITH tenths AS (
  SELECT *, ntile(10) OVER (ORDER BY score DESC, lead_id) AS decile FROM known WHERE role = 'test' AND score IS NOT NULL
)
SELECT decile, count(*) AS leads, min(score) || ' to ' || max(score) AS scores, sum(became_sql) AS became_sql,
       printf('%4.1f %%', 100 * avg(became_sql)) AS rate,
       printf('%.2f', avg(became_sql) / (SELECT avg(became_sql) FROM tenths)) AS decile_lift,
       printf('%5.1f %%', 100.0 * sum(sum(became_sql)) OVER (ORDER BY decile) / sum(sum(became_sql)) OVER ()) AS found
FROM tenths
GROUP BY decile
ORDER BY decile;

-- As a probability: what July has taught, tried on October. The Brier score is the mean of (probability - what
-- happened) squared: smaller is better, and only worth something below that of giving every lead July's rate.
CREATE TEMP TABLE models AS
  SELECT avg(became_sql) AS rate, logistic_fit(became_sql, score) AS by_score,
         logistic_fit(became_sql, score, days_waiting) AS by_score_and_age
  FROM known WHERE role = 'learn' AND score IS NOT NULL;

CREATE TEMP VIEW judged(line, judge, p, y) AS
  SELECT 1, 'everybody at July''s rate', rate, became_sql FROM known, models WHERE role = 'test' AND score IS NOT NULL
  UNION ALL
  SELECT 2, 'score', logistic_predict(by_score, score), became_sql
  FROM known, models WHERE role = 'test' AND score IS NOT NULL
  UNION ALL
  SELECT 3, 'score and days since the last step', logistic_predict(by_score_and_age, score, days_waiting), became_sql
  FROM known, models WHERE role = 'test' AND score IS NOT NULL;

SELECT judge, printf('%.1f', sum(p)) AS expected_sqls, sum(y) AS became_sql,
       printf('%.4f', avg((p - y) * (p - y))) AS brier, printf('%.3f', auc(p, y)) AS auc
FROM judged
GROUP BY line, judge
ORDER BY line;

-- What the better model has learned: a positive coefficient raises the probability, by so much of the log odds for
-- a point, or a day. It is worth looking at: a point helps, and each day without a step does harm.
SELECT term, printf('%7.4f', json_extract(by_score_and_age, coefficient)) AS coefficient,
       printf('%.4f', json_extract(by_score_and_age, '$.std_errors[' || n || ']')) AS std_error,
       printf('%.3f', json_extract(by_score_and_age, '$.p_values[' || n || ']')) AS p_value
FROM models, (SELECT 0 AS n, 'constant' AS term, '$.intercept' AS coefficient
              UNION ALL SELECT 1, 'score', '$.coefficients[0]'
              UNION ALL SELECT 2, 'days since the last step', '$.coefficients[1]')
ORDER BY n;

-- Is a probability of 20 % really 20 %? By bands of the better model.
SELECT CASE WHEN p < 0.05 THEN 'below 5 %' WHEN p < 0.15 THEN '5 to 15 %' WHEN p < 0.3 THEN '15 to 30 %'
            ELSE '30 % and more' END AS band,
       count(*) AS leads, printf('%.1f', sum(p)) AS expected_sqls, sum(y) AS became_sql
FROM judged
WHERE line = 3
GROUP BY band
ORDER BY min(p);

-- 28. Which leads cross the score threshold, and how often?
--
-- Score sheets say what a response is worth (a demo request 45, a newsletter 3) and what the person is worth
-- (a chief executive 15, an intern -10). The rules:
--   - An asset, that is an offer of a channel, earns its points once per lead and pass. A second visit to the
--     same page is worth nothing; the next pass starts afresh.
--   - A pass ends when the lead is recycled; then the score starts again from 0. A lead that is won, lost or
--     disqualified is not scored any further. Sales activities earn no points.
--   - A lead enters when its score crosses 40 upwards: below before the response (or no response yet), at or
--     above after it. One that falls below (an unsubscribe takes 10 off) or is reset to 0, and crosses again,
--     enters again. So there are more entries than leads.

.headers on
.mode column

CREATE TEMP VIEW parameter(threshold) AS SELECT 40;

-- Every response of a lead, what its sheet says, and the pass that it belongs to.
CREATE TEMP VIEW responses AS
  SELECT l.lead_id, t.touch_id, t.touched_at, s.item AS asset, s.points, coalesce(p.points, 0) AS person,
         1 + (SELECT count(*) FROM stage_events AS e
               WHERE e.lead_id = l.lead_id AND e.stage = 'recycled' AND e.entered_at < t.touched_at) AS pass
  FROM leads AS l
  JOIN touches AS t USING (contact_id)
  JOIN contacts AS c USING (contact_id)
  JOIN score_sheets AS s ON s.sheet = 'response' AND s.item = t.channel || ': ' || t.offer
  LEFT JOIN score_sheets AS p ON p.sheet = 'contact' AND p.item = c.role
  WHERE NOT EXISTS (SELECT 1 FROM stage_events AS e
                     WHERE e.lead_id = l.lead_id AND e.stage IN ('won', 'lost', 'disqualified')
                       AND e.entered_at < t.touched_at);

-- The score after each response, with each asset once (score) and, to compare, each time (score_if_repeated). Of
-- two responses in one second the smaller touch_id came first.
CREATE TEMP TABLE scores AS
  WITH numbered AS (
    SELECT *, row_number() OVER (PARTITION BY lead_id, pass, asset ORDER BY touched_at, touch_id) AS nth FROM responses
  )
  SELECT lead_id, touch_id, touched_at, pass, asset, points, person, nth,
         person + sum(iif(nth = 1, points, 0)) OVER so_far AS score,
         person + sum(points) OVER so_far AS score_if_repeated
  FROM numbered
  WINDOW so_far AS (PARTITION BY lead_id, pass ORDER BY touched_at, touch_id ROWS UNBOUNDED PRECEDING);

-- The entries. Each pass starts below the threshold, so the first response of a pass may be one.
CREATE TEMP VIEW entries AS
  WITH steps AS (
    SELECT s.*, coalesce(lag(score) OVER pass, person) AS before,
           coalesce(lag(score_if_repeated) OVER pass, person) AS before_if_repeated
    FROM scores AS s
    WINDOW pass AS (PARTITION BY lead_id, pass ORDER BY touched_at, touch_id)
  )
  SELECT steps.*, before < threshold AND score >= threshold AS enters,
         before_if_repeated < threshold AND score_if_repeated >= threshold AS enters_if_repeated
  FROM steps, parameter;

-- One lead, response by response: three entries in two passes, one of them after an unsubscribe.
SELECT pass, touched_at, asset, points, iif(nth = 1, points, 0) AS counted, score,
       iif(enters, 'enters', '') AS crossing, iif(nth > 1, 'seen before in this pass', '') AS left_out
FROM entries
WHERE lead_id = 1820
ORDER BY touched_at, touch_id;

-- Entries by quarter: a lead's first, another one in the same pass, or in a later pass. The last column is what
-- the same sheets would have let in if every repetition earned its points again.
WITH numbered AS (
  SELECT *, row_number() OVER (PARTITION BY lead_id ORDER BY touched_at, touch_id) AS entry_no,
         row_number() OVER (PARTITION BY lead_id, pass ORDER BY touched_at, touch_id) AS of_pass
  FROM entries WHERE enters
), lines(at, first, same_pass, later_pass, repeated) AS (
  SELECT touched_at, entry_no = 1, of_pass > 1, entry_no > 1 AND of_pass = 1, 0 FROM numbered
  UNION ALL
  SELECT touched_at, 0, 0, 0, 1 FROM entries WHERE enters_if_repeated
)
SELECT period_of(at, 'quarter') AS quarter,
       sum(first) + sum(same_pass) + sum(later_pass) AS entries,
       sum(first) AS first_time, sum(same_pass) AS again_in_the_pass, sum(later_pass) AS again_in_a_later_pass,
       sum(repeated) AS if_repeats_counted
FROM lines
GROUP BY 1
ORDER BY 1;

-- The marketing tool keeps a log of its own score: every response counts there, the person does not, and a
-- recycled lead that comes back goes on from a row with 0. Its crossings of the same threshold, by the same
-- rule, beside what marketing handed over (mql). Up to 2024-03 both are one number, as 40 was the bar; from
-- 2024-04-01 on it is 60, and of those who cross 40 only some are handed over.
WITH log AS (
  SELECT lead_id, scored_at, score,
         coalesce(lag(score) OVER (PARTITION BY lead_id ORDER BY scored_at, score_id), 0) AS before
  FROM score_log
), crossings AS (
  SELECT lead_id, scored_at, row_number() OVER (PARTITION BY lead_id ORDER BY scored_at) AS entry_no
  FROM log, parameter
  WHERE before < threshold AND score >= threshold
), lines(at, first, again, mql) AS (
  SELECT scored_at, entry_no = 1, entry_no > 1, 0 FROM crossings
  UNION ALL
  SELECT entered_at, 0, 0, 1 FROM stage_events WHERE stage = 'mql'
)
SELECT period_of(at, 'quarter') AS quarter,
       sum(first) + sum(again) AS crossings, sum(first) AS first_time, sum(again) AS once_more, sum(mql) AS handed_over
FROM lines
GROUP BY 1
ORDER BY 1;

-- How many leads never entered, entered once, twice, three times, by either score. A row of 0 before anything
-- was seen makes a first score of 40 or more a crossing, too.
WITH own AS (
  SELECT lead_id, coalesce(sum(enters), 0) AS times FROM leads LEFT JOIN entries USING (lead_id) GROUP BY lead_id
), logged AS (
  SELECT lead_id, sequence_count('(?1)(?2)', at, score < threshold, score >= threshold) AS times
  FROM (SELECT lead_id, scored_at AS at, score FROM score_log
        UNION ALL
        SELECT lead_id, '2022-12-31', 0 FROM leads), parameter
  GROUP BY lead_id
)
SELECT times, (SELECT count(*) FROM own WHERE own.times = n.times) AS leads_by_the_sheets,
       (SELECT count(*) FROM logged WHERE logged.times = n.times) AS leads_by_the_log
FROM (SELECT times FROM own UNION SELECT times FROM logged) AS n
ORDER BY times;

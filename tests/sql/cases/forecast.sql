-- pipeline_forecast() and pipeline_forecast_summary(), see docs/forecast.md. Twelve deals were in one stage, all from
-- 1 January 2024 (day 0); deal d was closed on day 10 d, but deal 3 on day 31. Deals 2, 3, 5, 8, 11 and 12 were won.
CREATE TABLE history(deal, day, stage, segment);
INSERT INTO history SELECT value, 0, 'talk', iif(value = 11, 'big', 'small') FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12]');
INSERT INTO history SELECT value, iif(value = 3, 31, value * 10), iif(value IN (2, 3, 5, 8, 11, 12), 'won', 'lost'), 'late'
  FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12]');
CREATE VIEW events AS SELECT deal, date('2024-01-01', day || ' days') AS at, stage, segment FROM history;
-- Open deals, each called by its age in days on 1 May (day 121).
CREATE TABLE ages(age, value, segment);
INSERT INTO ages VALUES (0, 100, 'small'), (15, 10, 'small'), (25, 20, 'small'), (30, 40, 'big'), (31, NULL, 'big'), (85, -5, 'new'), (200, 1, NULL);
CREATE VIEW open_deals AS SELECT age AS deal, date('2024-05-01', -age || ' days') AS at, 'talk' AS stage, value, segment FROM ages;

-- Nobody is censored, so the probability is a count: won with longer stays / all longer stays. At age 0 6/12; at 15, without deal 1,
-- 6/11; at 25 and 30, with deals 3 to 12, 5/10. At 31 nine were longer: the question is asked as if the age were 30, and so at 85 and 200.
SELECT entity, age_days, at_risk, probability, value, expected_value
  FROM pipeline_forecast('open_deals(deal, at, stage, value)', 'events(deal, at, stage)', 'talk > won', 'exits=lost; as_of=2024-05-01');
-- The same in plain SQL, where 10 stays or more were longer.
SELECT age, count(*), avg(won)
  FROM ages JOIN (SELECT deal, max(day) AS length, max(stage = 'won') AS won FROM history GROUP BY deal) ON length > age
 GROUP BY age HAVING count(*) >= 10;
-- The mean time to the win: at 0 of 20, 31, 50, 80, 110 and 120 days: 68.5, which is in the day of 8 July. At 15 15 days less. At 30 1, 20, 50,
-- 80, 90: 48.2, the day of 18 June.
SELECT entity, entered_at, expected_close
  FROM pipeline_forecast('open_deals(deal, at, stage, value)', 'events(deal, at, stage)', 'talk > won', 'exits=lost; as_of=2024-05-01')
 WHERE entity IN (0, 15, 30);
-- Bounds by leaving each of the 12 deals out: of a share p of n they come to the standard error sqrt(p(1-p)/(n-1)), at 0 sqrt(1/44), on the scale
-- of log odds 4 times as much: 1 / (1 + e^(1.959964 * 4 * sqrt(1/44))) = 0.234710.
SELECT entity, round(probability_low, 6), round(probability_high, 6)
  FROM pipeline_forecast('open_deals(deal, at, stage, value)', 'events(deal, at, stage)', 'talk > won', 'exits=lost; as_of=2024-05-01')
 WHERE entity = 0;
-- Those of the own segment are asked where 10 of them were longer: small at 0, without deal 11, 5/11; at 15 5/10; at 25 it has 9, so all are asked.
-- The segment of a pass is that of its first event.
SELECT entity, at_risk, round(probability, 12)
  FROM pipeline_forecast('open_deals(deal, at, stage, value, segment)', 'events(deal, at, stage, segment)', 'talk > won',
                         'exits=lost; as_of=2024-05-01')
 WHERE entity < 30;
-- In all: 7 deals of value 166, NULL counting as 0; expected deals 6/12 + 6/11 + 5 * 5/10 = 3.545454545455, value 50 + 60/11 + 10 + 20 - 2.5 + 0.5.
SELECT period, deals, pipeline, round(expected_deals, 12), round(expected_value, 9)
  FROM pipeline_forecast_summary('open_deals(deal, at, stage, value)', 'events(deal, at, stage)', 'talk > won', 'exits=lost; as_of=2024-05-01');

-- One deal of value 100 at age 0, by month: its wins would be on days 20, 31 (half of it in May, half in June), 50, 80, 110 and 120, 1/12 each.
-- With 80 % at most 10 % may lie beyond a bound. Nothing comes most of the time, and 100 with more than 10 %: in July, the least likely month, with
-- p = 1/12 and its error of sqrt(p(1-p)/11) = p, which is 1.0909 on the scale of log odds: the five points make of p 0.4 %, 2.0 %, 8.3 %, 28.5 % and
-- 67.2 %, by their weights 12.0 %.
CREATE VIEW first_deal AS SELECT * FROM open_deals WHERE deal = 0;
SELECT period, deals, pipeline, round(expected_deals * 12, 9), round(expected_value * 12, 9), low, high
  FROM pipeline_forecast_summary('first_deal(deal, at, stage, value)', 'events(deal, at, stage)', 'talk > won',
                                 'exits=lost; as_of=2024-05-01; period=month; confidence=0.8');
-- By quarter and by year, and as of 1 May 2023, when nothing had been.
SELECT period, deals, round(expected_deals * 12, 9)
  FROM pipeline_forecast_summary('first_deal(deal, at, stage, value)', 'events(deal, at, stage)', 'talk > won', 'exits=lost; as_of=2024-05-01; period=quarter');
SELECT period, deals, expected_deals
  FROM pipeline_forecast_summary('first_deal(deal, at, stage, value)', 'events(deal, at, stage)', 'talk > won', 'exits=lost; as_of=2024-05-01; period=year');
SELECT *
  FROM pipeline_forecast_summary('first_deal(deal, at, stage, value)', 'events(deal, at, stage)', 'talk > won', 'exits=lost; as_of=2023-05-01');

-- As of day 50 (20 February) deals 6 to 12 are open: censored at 50, where deal 5 was won. At age 0: 11/12 stay on day 10, 10/12 on day 20
-- (1/12 won), 9/12 on day 31 (2/12), 8/12 on day 40, and of these on day 50 1 of 8 is won: 3/12. What is open after counts as not won.
CREATE TABLE early(deal, at, stage, value);
INSERT INTO early VALUES (50, '2024-02-20', 'talk', 8);
SELECT entity, age_days, at_risk, round(probability, 12), expected_value, expected_close
  FROM pipeline_forecast('early(deal, at, stage, value)', 'events(deal, at, stage)', 'talk > won', 'exits=lost; as_of=2024-02-20');
-- With recycle=15 days nobody waits longer than that: all are recycled on day 15, but deal 1, lost on day 10. The wins of the others come too late.
-- Nothing was won, and Wilson's upper bound of 0 of 12 is z^2 / (12 + z^2) = 0.242494.
SELECT entity, at_risk, probability, probability_low, round(probability_high, 6), expected_value, expected_close
  FROM pipeline_forecast('early(deal, at, stage, value)', 'events(deal, at, stage)', 'talk > won', 'exits=lost; as_of=2024-02-20; recycle=15 days');

-- Two stages, and what was skipped is no stay: twenty deals were in talk for 10 days. Of deals 1 to 10, which then were in offer, 1 to 4 were won on
-- day 15; the others were lost on day 20. Deals 11 to 15 were won from talk, on day 10; 16 to 20 lost. In talk 9/20, in offer 4/10.
CREATE TABLE steps(deal, day, stage);
INSERT INTO steps WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
  SELECT i, 0, 'talk' FROM n UNION ALL SELECT i, 10, iif(i <= 10, 'offer', iif(i <= 15, 'won', 'lost')) FROM n
  UNION ALL SELECT i, iif(i <= 4, 15, 20), iif(i <= 4, 'won', 'lost') FROM n WHERE i <= 10;
CREATE TABLE now_open(deal, day, stage, value);
INSERT INTO now_open VALUES (101, 30, 'talk', 100), (102, 30, 'offer', 100), (103, 24, 'offer', 100);
CREATE VIEW step_events AS SELECT deal, day * 86400 AS ts, stage FROM steps;
CREATE VIEW now_deals AS SELECT deal, day * 86400 AS ts, stage, value FROM now_open;
SELECT entity, stage_no, stage, entered_at / 86400 AS day, age_days, at_risk, probability, expected_close / 86400.0 AS closes
  FROM pipeline_forecast('now_deals(deal, ts, stage, value)', 'step_events(deal, ts, stage)', 'talk > offer > won', 'exits=lost');

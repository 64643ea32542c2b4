-- 29. Which account does a form belong to?
--
-- Forms come in with an e-mail address, sometimes a company or a website, typed by hand. Six rules are applied in
-- this order, each to the accounts that the rules before have left, until one account is left:
--   1  the domain of the e-mail address is the account's;
--   2  the domain of the website is;
--   3  the company is the account's name, legal form and capitals aside;
--   4  the account's name begins with the company as typed;
--   5  the account had an open deal when the form came in;
--   6  somebody of the account was seen in the week before.
-- A rule that fits none of those left changes nothing. Rules 1 to 4 find accounts, 5 and 6 only choose between
-- those found, so their choice is a proposal to be checked, not a match. Junk domains (free mail, throwaway) say
-- nothing about a company and are ignored. Where several accounts are left at the end it is a tie, and listed;
-- what no rule finds stays unmatched, and is listed, too.

.headers on
.mode column
.nullvalue ''

-- What the forms say, cleaned.
CREATE TEMP TABLE forms AS
  WITH legal_form(ending) AS (VALUES (' ltd.'), (' ltd'), (' inc.'), (' inc'), (' gmbh'), (' s.a.'))
  SELECT f.*, email_domain(email) AS any_mail,
         (SELECT email_domain(email) EXCEPT SELECT domain FROM junk_domains) AS mail,
         (SELECT web_domain(website) EXCEPT SELECT domain FROM junk_domains) AS web,
         substr(lower(trim(company)), 1, length(trim(company)) - coalesce((
           SELECT max(length(ending)) FROM legal_form WHERE lower(trim(company)) LIKE '%' || ending), 0)) AS name
  FROM form_fills AS f;

-- Every account that rules 1 to 4 find for a form, and which of the six rules it meets.
CREATE TEMP TABLE found AS
  SELECT f.form_id, a.account_id, a.name, a.domain IS f.mail AS r1, a.domain IS f.web AS r2,
         lower(a.name) IS f.name AS r3,
         coalesce(substr(lower(a.name), 1, length(f.name) + 1) = f.name || ' ', 0) AS r4,
         EXISTS (SELECT 1 FROM deals AS d
                  WHERE d.account_id = a.account_id AND d.opp_created_at <= f.submitted_at
                    AND coalesce(d.closed_at, '9999') > f.submitted_at) AS r5,
         EXISTS (SELECT 1 FROM touches AS t
                  WHERE t.account_id = a.account_id AND t.type = 'marketing'
                    AND t.touched_at BETWEEN datetime(f.submitted_at, '-7 days') AND f.submitted_at) AS r6
  FROM forms AS f JOIN accounts AS a
    ON a.domain IN (f.mail, f.web) OR lower(a.name) = f.name
       OR substr(lower(a.name), 1, length(f.name) + 1) = f.name || ' ';

-- Those left in the end come first in the order of the rules. The rule that decided is the first one that left
-- only one account.
CREATE TEMP TABLE left_over AS
  WITH counted AS (
    SELECT *, rank() OVER (PARTITION BY form_id ORDER BY r1 DESC, r2 DESC, r3 DESC, r4 DESC, r5 DESC, r6 DESC) AS place,
           count(*) OVER (PARTITION BY form_id) AS n_found, count(*) OVER (PARTITION BY form_id, r1) AS n1,
           count(*) OVER (PARTITION BY form_id, r1, r2) AS n2, count(*) OVER (PARTITION BY form_id, r1, r2, r3) AS n3,
           count(*) OVER (PARTITION BY form_id, r1, r2, r3, r4) AS n4,
           count(*) OVER (PARTITION BY form_id, r1, r2, r3, r4, r5) AS n5,
           count(*) OVER (PARTITION BY form_id, r1, r2, r3, r4, r5, r6) AS n6
    FROM found
  )
  SELECT *, n6 AS n_left,
         CASE WHEN r1 AND n1 = 1 THEN 1 WHEN r2 AND n2 = 1 THEN 2 WHEN r3 AND n3 = 1 THEN 3 WHEN r4 AND n4 = 1 THEN 4
              WHEN r5 AND n5 = 1 THEN 5 WHEN r6 AND n6 = 1 THEN 6 END AS rule
  FROM counted WHERE place = 1;

-- How far each rule has come. The forms add up to all that came in. Made-up data know the truth: every match here
-- is right, and of the 26 proposals one. Check a sample of yours before you let them through.
WITH rules(rule, what) AS (
  VALUES (1, 'domain of the e-mail'), (2, 'domain of the website'), (3, 'company'), (4, 'beginning of the company'),
         (5, 'open deal'), (6, 'seen in the week before')
), decided AS (
  SELECT form_id, (SELECT max(rule) FROM left_over AS l WHERE l.form_id = f.form_id) AS rule,
         (SELECT max(n_left) FROM left_over AS l WHERE l.form_id = f.form_id) AS n_left
  FROM form_fills AS f
)
SELECT CASE WHEN n_left IS NULL THEN 'unmatched' WHEN n_left > 1 THEN 'tie' WHEN rule >= 5 THEN 'proposal'
            ELSE 'match' END AS outcome,
       rule, what, count(*) AS forms, printf('%.1f %%', 100.0 * count(*) / sum(count(*)) OVER ()) AS percent
FROM decided LEFT JOIN rules USING (rule)
GROUP BY outcome, rule, what
ORDER BY rule IS NULL, rule, outcome;

-- One form for each rule that decided: what was typed, how many accounts were found, which one is left.
SELECT l.rule, form_id, f.email, f.company, f.website, l.n_found, l.name AS account
FROM left_over AS l JOIN forms AS f USING (form_id)
WHERE form_id IN (SELECT min(form_id) FROM left_over WHERE n_left = 1 GROUP BY rule)
ORDER BY l.rule;

-- The ties, as the person gets them who has to decide; the first ten.
WITH listed AS (
  SELECT l.*, f.company, row_number() OVER (PARTITION BY form_id ORDER BY l.name) AS nth
  FROM left_over AS l JOIN forms AS f USING (form_id)
  WHERE n_left > 1
)
SELECT form_id, company, n_found, n_left, max(name) FILTER (WHERE nth = 1) AS first_one,
       max(name) FILTER (WHERE nth = 2) AS second_one, max(name) FILTER (WHERE nth = 3) AS third_one
FROM listed
GROUP BY form_id
ORDER BY form_id
LIMIT 10;

-- The unmatched, with what they leave to go on; the first five, and how many there are.
SELECT form_id, submitted_at, email, iif(mail IS NULL, 'junk', 'of no account') AS domain,
       iif(company IS NULL, 'none', 'of no account') AS company,
       iif(website IS NULL, 'none', 'of no account') AS website,
       count(*) OVER () AS unmatched
FROM forms
WHERE form_id NOT IN (SELECT form_id FROM found)
ORDER BY form_id
LIMIT 5;

-- Forms from junk domains: how many could be matched all the same, and by what.
SELECT f.any_mail AS junk_domain, count(DISTINCT form_id) AS forms,
       count(DISTINCT form_id) FILTER (WHERE l.rule = 2) AS by_website,
       count(DISTINCT form_id) FILTER (WHERE l.rule = 3) AS by_company,
       count(DISTINCT form_id) FILTER (WHERE l.rule IN (5, 6)) AS proposals,
       count(DISTINCT form_id) FILTER (WHERE l.n_left > 1) AS ties
FROM forms AS f LEFT JOIN left_over AS l USING (form_id)
WHERE f.any_mail IN (SELECT domain FROM junk_domains)
GROUP BY f.any_mail
ORDER BY f.any_mail;

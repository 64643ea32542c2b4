/*
** schema.c: the tables of the demo database, and what follows from their rows.
** The comments inside CREATE TABLE stay in the database: `.schema deals` in the
** sqlite3 shell explains the table, `SELECT * FROM readme` the whole.
*/
#include "demo.h"

#include <stddef.h>

const char *const schema_tables[] = {
"CREATE TABLE readme(\n"
"  topic TEXT PRIMARY KEY,\n"
"  text TEXT NOT NULL\n"
")",

"CREATE TABLE sales_team(\n"
"  owner TEXT PRIMARY KEY,\n"
"  role TEXT NOT NULL             -- sdr, account executive\n"
")",

"CREATE TABLE accounts(\n"
"  account_id INTEGER PRIMARY KEY,\n"
"  name TEXT NOT NULL,\n"
"  domain TEXT NOT NULL UNIQUE,   -- web and email domain\n"
"  industry TEXT NOT NULL,\n"
"  segment TEXT NOT NULL,         -- smb, mid-market, enterprise\n"
"  country TEXT NOT NULL,         -- ISO 3166 code; decides the currency of the deals\n"
"  fit TEXT NOT NULL,             -- with the ideal customer: weak, moderate, strong\n"
"  owner TEXT NOT NULL REFERENCES sales_team,  -- account executive\n"
"  created_at TEXT NOT NULL\n"
")",

"CREATE TABLE contacts(\n"
"  contact_id INTEGER PRIMARY KEY,\n"
"  account_id INTEGER NOT NULL REFERENCES accounts,\n"
"  name TEXT NOT NULL,\n"
"  email TEXT NOT NULL UNIQUE,\n"
"  role TEXT NOT NULL,\n"
"  fit TEXT NOT NULL,             -- of the role: weak, moderate, strong\n"
"  is_primary INTEGER NOT NULL    -- 1: the account's first contact\n"
")",

"CREATE TABLE campaigns(\n"
"  campaign_id INTEGER PRIMARY KEY,\n"
"  name TEXT NOT NULL,\n"
"  channel TEXT NOT NULL,\n"
"  offer TEXT NOT NULL,\n"
"  type TEXT NOT NULL,            -- marketing, sales activity\n"
"  starts_on TEXT NOT NULL,\n"
"  ends_on TEXT NOT NULL\n"
")",

"CREATE TABLE campaign_targets( -- who was meant to see a campaign that has a hold-out\n"
"  campaign_id INTEGER NOT NULL REFERENCES campaigns,\n"
"  account_id INTEGER NOT NULL REFERENCES accounts,\n"
"  held_out INTEGER NOT NULL,     -- 1: kept from it on purpose, by lot\n"
"  PRIMARY KEY(campaign_id, account_id)\n"
")",

"CREATE TABLE touches(\n"
"  touch_id INTEGER PRIMARY KEY,\n"
"  account_id INTEGER REFERENCES accounts,  -- NULL: could not be matched\n"
"  contact_id INTEGER REFERENCES contacts,\n"
"  campaign_id INTEGER NOT NULL REFERENCES campaigns,\n"
"  channel TEXT NOT NULL,         -- of the campaign\n"
"  offer TEXT NOT NULL,           -- of the campaign\n"
"  type TEXT NOT NULL,            -- marketing, sales activity\n"
"  touched_at TEXT NOT NULL,\n"
"  points INTEGER NOT NULL        -- what the touch says of the buyer's interest\n"
")",

"CREATE TABLE leads( -- a contact that responded\n"
"  lead_id INTEGER PRIMARY KEY,\n"
"  account_id INTEGER NOT NULL REFERENCES accounts,\n"
"  contact_id INTEGER NOT NULL REFERENCES contacts,\n"
"  created_at TEXT NOT NULL,\n"
"  source TEXT NOT NULL,          -- the channel of the first response, for good\n"
"  campaign_id INTEGER NOT NULL REFERENCES campaigns,\n"
"  owner TEXT NOT NULL REFERENCES sales_team,  -- sdr\n"
"  stage TEXT NOT NULL            -- now; the history is in stage_events\n"
")",

"CREATE TABLE stage_events( -- inquiry > mql > sal > sql > won\n"
"  event_id INTEGER PRIMARY KEY,\n"
"  lead_id INTEGER NOT NULL REFERENCES leads,\n"
"  account_id INTEGER NOT NULL REFERENCES accounts,\n"
"  stage TEXT NOT NULL,           -- also lost, disqualified, recycled (closed after 30 idle days)\n"
"  entered_at TEXT NOT NULL,\n"
"  source TEXT NOT NULL,          -- the channel that opened this pass: a reopened lead has a new one\n"
"  owner TEXT NOT NULL REFERENCES sales_team,  -- who answers for the stage\n"
"  reason TEXT                    -- of lost, disqualified, recycled\n"
")",

"CREATE TABLE score_log( -- the lead score after each response; 0 when a lead is recycled\n"
"  score_id INTEGER PRIMARY KEY,\n"
"  lead_id INTEGER NOT NULL REFERENCES leads,\n"
"  scored_at TEXT NOT NULL,\n"
"  score INTEGER NOT NULL\n"
")",

"CREATE TABLE deals(\n"
"  deal_id INTEGER PRIMARY KEY,\n"
"  account_id INTEGER NOT NULL REFERENCES accounts,\n"
"  lead_id INTEGER REFERENCES leads,           -- NULL: no lead, as for expansions\n"
"  refund_of INTEGER REFERENCES deals(deal_id), -- of a refund: the deal that was paid back\n"
"  name TEXT NOT NULL,\n"
"  kind TEXT NOT NULL,            -- new business, expansion, refund\n"
"  status TEXT NOT NULL,          -- open, won, lost\n"
"  stage TEXT NOT NULL,           -- discovery, proposal, negotiation, won, lost\n"
"  created_at TEXT NOT NULL,      -- typed into the CRM\n"
"  lead_created_at TEXT,          -- milestone 1\n"
"  opp_created_at TEXT NOT NULL,  -- milestone 2\n"
"  closed_at TEXT,                -- NULL while open\n"
"  amount_cents INTEGER NOT NULL, -- in the deal's currency; negative for a refund\n"
"  amount REAL GENERATED ALWAYS AS (amount_cents / 100.0) VIRTUAL,\n"
"  currency TEXT NOT NULL,\n"
"  owner TEXT NOT NULL REFERENCES sales_team,\n"
"  lost_reason TEXT\n"
")",

"CREATE TABLE deal_stage_events( -- discovery > proposal > negotiation > won, or lost\n"
"  event_id INTEGER PRIMARY KEY,\n"
"  deal_id INTEGER NOT NULL REFERENCES deals,\n"
"  stage TEXT NOT NULL,\n"
"  entered_at TEXT NOT NULL\n"
")",

"CREATE TABLE deal_contacts( -- who takes part in a deal\n"
"  deal_id INTEGER NOT NULL REFERENCES deals,\n"
"  contact_id INTEGER NOT NULL REFERENCES contacts,\n"
"  role TEXT NOT NULL,            -- primary, decision maker, economic buyer, champion, influencer\n"
"  PRIMARY KEY(deal_id, contact_id)\n"
")",

"CREATE TABLE spend(\n"
"  month TEXT NOT NULL,           -- 2024-03\n"
"  campaign_id INTEGER NOT NULL REFERENCES campaigns,\n"
"  channel TEXT NOT NULL,\n"
"  spend_cents INTEGER NOT NULL,  -- EUR\n"
"  PRIMARY KEY(month, campaign_id)\n"
")",

"CREATE TABLE fx_rates(\n"
"  currency TEXT NOT NULL,\n"
"  month TEXT NOT NULL,\n"
"  eur REAL NOT NULL,             -- euros for one unit\n"
"  PRIMARY KEY(currency, month)\n"
")",
NULL
};

const char *const schema_finish[] = {
/* Indexes, first of all those that follow an account, a lead or a deal through time. */
"CREATE INDEX touches_by_account ON touches(account_id, touched_at, channel, points);"
"CREATE INDEX touches_by_contact ON touches(contact_id, touched_at);"
"CREATE INDEX touches_by_campaign ON touches(campaign_id);"
"CREATE INDEX contacts_by_account ON contacts(account_id);"
"CREATE INDEX leads_by_account ON leads(account_id);"
"CREATE INDEX leads_by_contact ON leads(contact_id);"
"CREATE INDEX stage_events_by_lead ON stage_events(lead_id, entered_at, stage, source);"
"CREATE INDEX stage_events_by_account ON stage_events(account_id, entered_at);"
"CREATE INDEX score_log_by_lead ON score_log(lead_id, scored_at);"
"CREATE INDEX deals_by_account ON deals(account_id, closed_at);"
"CREATE INDEX deals_by_lead ON deals(lead_id);"
"CREATE INDEX deal_stage_events_by_deal ON deal_stage_events(deal_id, entered_at)",

/* Views. Amounts in them are euros, at the rate of the month of the close (of today for open deals). */
"CREATE VIEW deals_eur AS -- every deal, in euros\n"
"  SELECT d.deal_id, d.account_id, d.lead_id, d.name, d.kind, d.status, d.stage, d.created_at,\n"
"         d.lead_created_at, d.opp_created_at, d.closed_at, d.owner,\n"
"         CAST(round(d.amount_cents * r.eur) AS INTEGER) AS amount_cents,\n"
"         CAST(round(d.amount_cents * r.eur) AS INTEGER) / 100.0 AS amount\n"
"  FROM deals AS d JOIN fx_rates AS r\n"
"    ON r.currency = d.currency AND r.month = substr(coalesce(d.closed_at, '2024-12-31'), 1, 7)",

"CREATE VIEW won_deals(account_id, closed_at, amount, lead_created_at, opp_created_at, deal_id, kind, owner,\n"
"                      amount_cents) AS -- the conversions; refunds are among them, with negative amounts\n"
"  SELECT account_id, closed_at, amount, lead_created_at, opp_created_at, deal_id, kind, owner, amount_cents\n"
"  FROM deals_eur WHERE status = 'won'",

"CREATE VIEW lost_deals(account_id, closed_at, amount, lead_created_at, opp_created_at, deal_id, kind, owner) AS\n"
"  SELECT account_id, closed_at, amount, lead_created_at, opp_created_at, deal_id, kind, owner\n"
"  FROM deals_eur WHERE status = 'lost'",

"CREATE VIEW open_deals(deal_id, account_id, stage, stage_entered_at, created_at, opp_created_at, amount, kind, owner) AS\n"
"  SELECT d.deal_id, d.account_id, d.stage, max(e.entered_at), d.created_at, d.opp_created_at, d.amount, d.kind, d.owner\n"
"  FROM deals_eur AS d JOIN deal_stage_events AS e ON e.deal_id = d.deal_id\n"
"  WHERE d.status = 'open' GROUP BY d.deal_id",

"CREATE VIEW revenue(month, deals, refunds, amount) AS -- booked per month, refunds taken off\n"
"  SELECT substr(closed_at, 1, 7), sum(kind <> 'refund'), sum(kind = 'refund'), sum(amount_cents) / 100.0\n"
"  FROM won_deals GROUP BY 1",

"CREATE VIEW offer_touches(account_id, touched_at, offer, points, touch_id) AS -- labels such as 'webinar: expert webinar'\n"
"  SELECT account_id, touched_at, channel || ': ' || offer, points, touch_id FROM touches",

"CREATE VIEW marketing_touches(account_id, touched_at, channel, points, touch_id) AS\n"
"  SELECT account_id, touched_at, channel, points, touch_id FROM touches WHERE type = 'marketing'",

"CREATE VIEW sales_touches(account_id, touched_at, channel, points, touch_id) AS\n"
"  SELECT account_id, touched_at, channel, points, touch_id FROM touches WHERE type = 'sales activity'",

"CREATE VIEW lead_outcomes(lead_id, created_at, won_at, closed_at, source) AS -- closed: lost or disqualified\n"
"  SELECT l.lead_id, l.created_at, min(e.entered_at) FILTER (WHERE e.stage = 'won'),\n"
"         min(e.entered_at) FILTER (WHERE e.stage IN ('lost', 'disqualified')), l.source\n"
"  FROM leads AS l LEFT JOIN stage_events AS e USING (lead_id) GROUP BY l.lead_id",

"CREATE VIEW account_paths(path, conversions, value, nulls) AS -- 'email > webinar', added up as other tools keep them\n"
"  SELECT path, count(amount), total(amount), count(*) - count(amount) FROM (\n"
"    SELECT group_concat(channel, ' > ') AS path,\n"
"           (SELECT sum(amount) FROM won_deals AS d WHERE d.account_id = t.account_id) AS amount\n"
"    FROM (SELECT * FROM touches WHERE account_id IS NOT NULL ORDER BY account_id, touched_at, channel) AS t\n"
"    GROUP BY account_id) GROUP BY path",

"CREATE VIEW channel_steps(from_state, to_state, weight) AS -- from one touch of an account to its next, counted\n"
"  WITH steps AS (\n"
"    SELECT account_id, channel, lag(channel) OVER w AS before, lead(channel) OVER w AS after\n"
"    FROM touches WHERE account_id IS NOT NULL WINDOW w AS (PARTITION BY account_id ORDER BY touched_at, channel))\n"
"  SELECT coalesce(before, '(start)'), channel, count(*) FROM steps GROUP BY 1, 2 UNION ALL\n"
"  SELECT channel, iif(account_id IN (SELECT account_id FROM won_deals), '(conversion)', '(null)'), count(*)\n"
"  FROM steps WHERE after IS NULL GROUP BY 1, 2",

"CREATE VIEW channel_spend(month, channel, spend) AS -- euros\n"
"  SELECT month, channel, sum(spend_cents) / 100.0 FROM spend GROUP BY month, channel",

/* Goals. The company's grow by a little every month; an 'affiliate' channel was planned and never opened. */
"CREATE TABLE quotas( -- goals of a month, EUR\n"
"  month TEXT PRIMARY KEY,\n"
"  revenue_cents INTEGER NOT NULL,            -- won\n"
"  pipeline_cents INTEGER NOT NULL,           -- created, by anybody\n"
"  marketing_pipeline_cents INTEGER NOT NULL  -- created, sourced by marketing\n"
");"
"INSERT INTO quotas\n"
"  WITH RECURSIVE m(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM m WHERE n < 23)\n"
"  SELECT strftime('%Y-%m', '2023-01-01', n || ' months'),\n"
"         40000000 + 3000000 * n, 120000000 + 4000000 * n, 80000000 + 2500000 * n FROM m",

"CREATE TABLE channel_quotas( -- sourced pipeline of a month, EUR\n"
"  month TEXT NOT NULL,\n"
"  channel TEXT NOT NULL,\n"
"  pipeline_cents INTEGER NOT NULL,\n"
"  PRIMARY KEY(month, channel)\n"
");"
"INSERT INTO channel_quotas\n"
"  WITH share(channel, percent) AS (VALUES ('paid search', 20), ('organic search', 18), ('paid social', 15),\n"
"    ('webinar', 10), ('event', 12), ('content syndication', 5), ('partner', 8), ('sdr outreach', 9), ('affiliate', 3))\n"
"  SELECT month, channel, pipeline_cents * percent / 100 FROM quotas CROSS JOIN share",

"CREATE TABLE mql_definitions( -- from effective_from on, up to the next version\n"
"  version INTEGER PRIMARY KEY,\n"
"  effective_from TEXT NOT NULL,\n"
"  threshold INTEGER NOT NULL,    -- points in score_log\n"
"  note TEXT NOT NULL\n"
");"
"INSERT INTO mql_definitions VALUES\n"
"  (1, '2023-01-01', 40, 'forty points within a pass'),\n"
"  (2, '2024-04-01', 60, 'sixty points: sales had asked for fewer and better leads')",

"CREATE TABLE score_sheets( -- what the points are given for\n"
"  sheet TEXT NOT NULL,           -- response (of the touch), contact (of its role)\n"
"  item TEXT NOT NULL,            -- 'channel: offer', or the role\n"
"  points INTEGER NOT NULL,\n"
"  PRIMARY KEY(sheet, item)\n"
");"
"INSERT INTO score_sheets\n"
"  SELECT DISTINCT 'response', channel || ': ' || offer, points FROM touches WHERE type = 'marketing' ORDER BY 2;"
"INSERT INTO score_sheets VALUES ('contact', 'chief executive', 15), ('contact', 'head of marketing', 15),\n"
"  ('contact', 'head of sales', 10), ('contact', 'it manager', 5), ('contact', 'analyst', 0), ('contact', 'intern', -10)",

"CREATE TABLE account_stages( -- the buying stage that a predictive tool saw; half-open: in on from_day, out on to_day\n"
"  account_id INTEGER NOT NULL REFERENCES accounts,\n"
"  from_day TEXT NOT NULL,\n"
"  to_day TEXT,                   -- NULL: still in it\n"
"  stage TEXT NOT NULL,           -- Awareness, Consideration, Decision, Purchase\n"
"  PRIMARY KEY(account_id, from_day)\n"
");"
"INSERT INTO account_stages\n"
"  WITH signal(account_id, at, n, stage) AS (\n"
"    SELECT account_id, min(touched_at), 0, 'Awareness' FROM touches WHERE account_id IS NOT NULL GROUP BY account_id\n"
"    UNION ALL\n"
"    SELECT account_id, entered_at, event_id, CASE stage WHEN 'sql' THEN 'Decision' WHEN 'won' THEN 'Purchase'\n"
"      WHEN 'inquiry' THEN 'Consideration' WHEN 'mql' THEN 'Consideration' WHEN 'sal' THEN 'Consideration'\n"
"      ELSE 'Awareness' END FROM stage_events),\n"
"  daily AS (SELECT account_id, date(at) AS day, stage,\n"
"    row_number() OVER (PARTITION BY account_id, date(at) ORDER BY at DESC, n DESC) AS nth FROM signal),\n"
"  changes AS (SELECT account_id, day, stage, lag(stage) OVER (PARTITION BY account_id ORDER BY day) AS before\n"
"    FROM daily WHERE nth = 1)\n"
"  SELECT account_id, day, lead(day) OVER (PARTITION BY account_id ORDER BY day), stage\n"
"  FROM changes WHERE before IS NOT stage ORDER BY account_id, day",

"CREATE TABLE marketing_report( -- marketing's own list of won deals, in euros; it differs from the CRM\n"
"  deal_id INTEGER PRIMARY KEY,\n"
"  closed_on TEXT NOT NULL,\n"
"  amount_cents INTEGER NOT NULL\n"
");"
"INSERT INTO marketing_report\n"
"  SELECT deal_id, date(closed_at), CASE WHEN deal_id % 53 = 11 THEN amount_cents * 119 / 100 -- with tax\n"
"    WHEN deal_id % 67 = 5 THEN amount_cents + 1 ELSE amount_cents END\n"
"  FROM won_deals WHERE kind <> 'refund' AND deal_id % 41 <> 7;"
"INSERT INTO marketing_report -- counted too early\n"
"  SELECT deal_id, date(created_at), amount_cents FROM deals_eur WHERE status <> 'won' AND deal_id % 97 = 3",

"CREATE TABLE junk_domains(domain TEXT PRIMARY KEY);"
"INSERT INTO junk_domains VALUES ('freemail.example'), ('mailbox.example'), ('throwaway.example')",

"CREATE TABLE form_fills( -- forms that still have to be matched to an account\n"
"  form_id INTEGER PRIMARY KEY,\n"
"  email TEXT NOT NULL,\n"
"  company TEXT,                  -- as typed\n"
"  website TEXT,                  -- as typed\n"
"  submitted_at TEXT NOT NULL\n"
");"
"INSERT INTO form_fills(email, company, website, submitted_at)\n"
"  WITH person AS (SELECT c.contact_id AS id, c.email, a.name AS company, a.domain, c.contact_id / 31 % 6 AS way\n"
"    FROM contacts AS c JOIN accounts AS a USING(account_id) WHERE c.contact_id % 31 = 4)\n"
"  SELECT CASE way WHEN 0 THEN upper(email) WHEN 1 THEN 'info@' || domain WHEN 2 THEN 'me' || id || '@freemail.example'\n"
"           WHEN 3 THEN 'me' || id || '@mailbox.example' WHEN 4 THEN 'someone' || id || '@throwaway.example'\n"
"           ELSE 'hello@unknown' || id || '.example' END,\n"
"         CASE way WHEN 0 THEN company WHEN 2 THEN lower(company) || ' Ltd.'\n"
"           WHEN 4 THEN substr(company, 1, instr(company, ' ') - 1) END,\n"
"         CASE way WHEN 3 THEN 'https://www.' || domain || '/contact' END,\n"
"         datetime('2024-10-01 08:00:00', (id % 90) || ' days', (id * 7919 % 36000) || ' seconds') AS at\n"
"  FROM person ORDER BY at, id",

"INSERT INTO readme VALUES\n"
"  ('what this is', 'the CRM of a made-up software company that sells to other companies; every name is invented'),\n"
"  ('time', 'UTC, 2023-01-01 to 2024-12-31; today is the evening of 2024-12-31'),\n"
"  ('money', 'deals: integer cents in the currency of the deal; views: euros at the rate of the closing month'),\n"
"  ('start here', 'touches and won_deals are the two relations of the attribution functions, by account_id'),\n"
"  ('leads', 'inquiry > mql > sal > sql > won in stage_events; lost, disqualified and recycled end a pass'),\n"
"  ('recycled leads', 'closed after 30 days without progress; a later response opens a new pass with a new source'),\n"
"  ('mql definition', '40 points, from 2024-04-01 on 60: see mql_definitions and score_log'),\n"
"  ('deals', 'kind: new business comes from a lead, expansion and walk-in business has none, a refund is a won deal\n"
"with a negative amount and the milestones of the deal it pays back'),\n"
"  ('sales activities', 'calls, emails and meetings of SDRs are touches of channel sdr outreach; they earn no points'),\n"
"  ('hold-out', 'campaign_targets: the air cover campaign of spring 2024 was kept from held_out accounts by lot'),\n"
"  ('known faults', 'touches without account_id (no match); forms sent twice in the same second; leads that skip sal;\n"
"won deals without any touch; deals without lead; leads that nobody closed after 30 days;\n"
"marketing_report differs from the CRM')",
NULL
};

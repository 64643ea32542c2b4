/*
** story.c: what happens to the accounts, told account by account. Each has its
** own stream of chance, so that a change to one part of the story leaves the
** other accounts alone. No expression draws twice: C leaves their order open.
** The story itself stands at the top of generate.c.
*/
#include "demo.h"

#include <assert.h>
#include <stddef.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define SEED UINT64_C(20230101)
#define IDLE (30 * DAY)
#define AIR_COVER_START INT64_C(1709251200) /* 2024-03-01 */
#define MQL_CHANGE INT64_C(1711929600)      /* 2024-04-01: the bar is raised */
#define SLOW_SDR 2                          /* whose leads lie around */
#define SLOW_SELLER 5
#define VIDEO 5                             /* the offer of the air cover */

const char *const channel_names[N_CHANNELS] = {
  "paid search", "organic search", "paid social", "webinar", "event", "email", "content syndication", "partner",
  "direct", "sdr outreach"
};

const Offer offers[N_OFFERS] = {
  {PAID_SEARCH, "demo request", 40, 45}, {PAID_SEARCH, "pricing page", 60, 10},
  {ORGANIC_SEARCH, "blog", 70, 4}, {ORGANIC_SEARCH, "whitepaper", 30, 10},
  {PAID_SOCIAL, "whitepaper", 45, 10}, {PAID_SOCIAL, "video", 55, 4},
  {WEBINAR, "product webinar", 50, 18}, {WEBINAR, "expert webinar", 50, 12},
  {EVENT, "trade fair", 65, 15}, {EVENT, "roadshow", 35, 25},
  {EMAIL, "newsletter", 60, 3}, {EMAIL, "case study", 30, 8}, {EMAIL, "unsubscribe", 3, -10},
  {SYNDICATION, "whitepaper", 60, 10}, {SYNDICATION, "analyst report", 40, 10},
  {PARTNER, "referral", 60, 45}, {PARTNER, "joint workshop", 40, 25},
  {DIRECT, "website visit", 70, 5}, {DIRECT, "demo request", 30, 45},
  {SDR, "call", 45, 0}, {SDR, "personal email", 40, 0}, {SDR, "meeting", 15, 0},
};

/* How often a channel is the one, by the phase of the journey. */
static const int first_mix[N_CHANNELS] = {18, 16, 16, 8, 8, 3, 14, 4, 8, 10};
static const int nurture_mix[N_CHANNELS] = {10, 14, 12, 14, 5, 24, 5, 3, 12, 0};
static const int late_mix[N_CHANNELS] = {6, 8, 4, 10, 8, 16, 1, 6, 14, 27};
static const int customer_mix[N_CHANNELS] = {0, 6, 0, 14, 6, 40, 0, 4, 30, 0};
static const int noise_mix[N_CHANNELS] = {14, 26, 14, 6, 2, 18, 5, 1, 14, 0};
/* Percent of its leads that never come back, and what it adds to the chance to win. */
static const int dead_on_arrival[N_CHANNELS] = {28, 30, 42, 30, 38, 42, 66, 12, 22, 50};
static const int win_bonus[N_CHANNELS] = {2, 4, -3, 5, 9, 0, -12, 16, 4, -4};

static const char *const bad_lead[] = {"student", "competitor", "wrong contact data", "outside our region"};
static const char *const no_mql[] = {"no budget", "not reached", "too small", "no need", "no authority"};
static const char *const no_sal[] = {"no project", "existing contract", "no budget", "no decision maker"};
static const char *const no_deal[] = {"price", "competitor", "no decision", "timing", "missing feature"};

typedef struct Journey Journey;
struct Journey {
  Story *story;
  Random random;
  Account *account;
  int account_no, contact, lead;    /* lead -1: none yet */
  enum Channel source;              /* of the pass */
  int score;
  int64_t now;
  int64_t stage_at;                 /* the last stage event */
};

static int take(int *n, int limit, const char *what){
  if( *n >= limit ) die("too many %s: the limit is %d", what, limit);
  return (*n)++;
}

/* A working hour some time after `from`, never before it. */
static int64_t later(Random *random, int64_t from, int64_t low_hours, int64_t high_hours){
  int64_t t = from + skewed(random, low_hours * HOUR, high_hours * HOUR);
  int64_t day = t / DAY, second = t % DAY;
  bool day_off = (day + 4) % 7 % 6 == 0; /* 0: Sunday, 6: Saturday */
  if( second >= 7 * HOUR && second < 19 * HOUR && !day_off ) return t + 1;
  if( second >= 19 * HOUR ) day++;
  while( (day + 4) % 7 % 6 == 0 ) day++;
  return day * DAY + 7 * HOUR + below(random, 12 * HOUR);
}

static int offer_of(Random *random, enum Channel channel){
  int weights[N_OFFERS];
  for(int i = 0; i < N_OFFERS; i++) weights[i] = offers[i].channel == channel ? offers[i].weight : 0;
  return weighted(random, weights, N_OFFERS);
}

static int campaign_of(int offer, int64_t at){
  static const int64_t half_years[] = {INT64_C(1688169600), INT64_C(1704067200), INT64_C(1719792000)};
  int half = 0;
  while( half < COUNT(half_years) && at >= half_years[half] ) half++;
  return offer * 4 + half;
}

/* Records a touch if the CRM was there to see it; returns it or NULL. */
static Touch *add_touch(Journey *j, int64_t at, int contact, enum Channel channel){
  if( at < START || at > END ) return NULL;
  Story *s = j->story;
  int offer = offer_of(&j->random, channel);
  Touch *touch = &s->touches[take(&s->n_touches, N_TOUCHES, "touches")];
  *touch = (Touch){at, j->account_no, contact, offer, campaign_of(offer, at)};
  return touch;
}

/* The lead's own touch: it counts for the score. */
static void add_response(Journey *j, enum Channel channel){
  Touch *touch = add_touch(j, j->now, j->contact, channel);
  if( touch == NULL || offers[touch->offer].points == 0 ) return;
  j->score += offers[touch->offer].points;
  assert(j->lead >= 0);
  Story *s = j->story;
  s->scores[take(&s->n_scores, MAX_SCORES, "scores")] = (Score){touch->at, j->lead, j->score};
}

/* Somebody at the account who is no lead: the touches of leads belong into their scores. */
static int other_contact(Journey *j){
  const Account *a = j->account;
  return a->first_contact + a->leads + (int)below(&j->random, a->contacts - a->leads);
}

/* Touches of the buying committee between two times; returns how many were events or partners. */
static int add_committee(Journey *j, int64_t from, int64_t to, int n, const int *mix){
  int strong = 0;
  if( from < j->account->arrived_at ) from = j->account->arrived_at;
  for(int i = 0; i < n && from < to; i++){
    int64_t at = later(&j->random, from + below(&j->random, to - from), 0, 1);
    int contact = chance(&j->random, 35) ? j->contact : other_contact(j);
    enum Channel channel = (enum Channel)weighted(&j->random, mix, N_CHANNELS);
    if( at >= to ) continue;
    if( add_touch(j, at, contact, channel) != NULL ) strong += channel == EVENT || channel == PARTNER;
  }
  return strong;
}

/* Calls and personal emails of the SDR; the lead's clock moves on. */
static void add_calls(Journey *j, int n){
  for(int i = 0; i < n; i++){
    j->now = later(&j->random, j->now, 2, 60);
    add_touch(j, j->now, j->contact, SDR);
  }
}

/* Returns false if today comes first: then it has not happened. */
static bool add_event(Journey *j, int64_t at, enum Stage stage, const char *reason){
  if( at > END ) return false;
  Story *s = j->story;
  Lead *lead = &s->leads[j->lead];
  bool sales = stage >= SAL && lead->stage >= SAL && lead->stage <= SQL;
  int owner = sales || stage == SAL || stage == SQL ? N_SDRS + j->account->seller : lead->sdr;
  s->stage_events[take(&s->n_stage_events, MAX_STAGE_EVENTS, "stage events")] =
      (StageEvent){at, j->lead, stage, j->source, owner, reason};
  lead->stage = stage;
  j->stage_at = j->now = at;
  return true;
}

/* A pass that leads nowhere. Returns true if it was closed as idle, so that the lead may come back. */
static bool end_idle(Journey *j, int disqualify_percent, const char *const *reasons, int n_reasons){
  Random *random = &j->random;
  const Lead *lead = &j->story->leads[j->lead];
  if( chance(random, disqualify_percent) ){
    int64_t at = later(random, j->now, 12, 300);
    const char *reason = reasons[below(random, n_reasons)];
    if( at < j->stage_at + IDLE ){
      add_event(j, at, DISQUALIFIED, reason);
      return false;
    }
  }
  bool slow = lead->stage == SAL ? j->account->seller == SLOW_SELLER : lead->sdr == SLOW_SDR;
  if( chance(random, slow ? 40 : 4) ) return false; /* nobody closes it: it stays open, beyond the SLA */
  int64_t night = (j->stage_at + IDLE) / DAY * DAY + DAY + 3 * HOUR;
  return add_event(j, night, RECYCLED, "30 days idle");
}

/* From the inquiry on: does the lead collect the points within the 30 days? */
static bool reaches_mql(Journey *j){
  int visits = chance(&j->random, dead_on_arrival[j->source]) ? 0 : 2 + (int)below(&j->random, 8);
  for(int i = 0; ; i++){
    if( j->score >= (j->now < MQL_CHANGE ? 40 : 60) ){
      j->now += 60 * (1 + below(&j->random, 55));
      return true;
    }
    int64_t at = later(&j->random, j->now, 4, 130);
    if( i >= visits || at > j->stage_at + IDLE - 2 * DAY ) return false;
    j->now = at;
    add_response(j, (enum Channel)weighted(&j->random, nurture_mix, N_CHANNELS));
  }
}

static Deal *add_deal(Journey *j, enum Kind kind, int64_t cents){
  Story *s = j->story;
  int n = take(&s->n_deals, MAX_DEALS, "deals");
  int lead = kind == NEW_BUSINESS ? j->lead : -1;
  int64_t typed = later(&j->random, j->now, 0, 30);
  if( typed > END ) typed = j->now;
  s->deals[n] = (Deal){typed, j->now, 0, cents, j->account_no, lead, -1, kind, DISCOVERY, NULL};
  int people = 1 + (int)below(&j->random, 3);
  for(int i = 0; i < people; i++){
    int contact = (j->contact - j->account->first_contact + i) % j->account->contacts + j->account->first_contact;
    int role = i == 0 ? 0 : 1 + (int)below(&j->random, 4);
    s->deal_contacts[take(&s->n_deal_contacts, MAX_DEAL_CONTACTS, "deal contacts")] = (DealContact){n, contact, role};
  }
  j->account->deals++;
  return &s->deals[n];
}

static void enter_deal_stage(Journey *j, Deal *deal, int64_t at, enum DealStage stage){
  if( at > END ) return;
  Story *s = j->story;
  int n = (int)(deal - s->deals);
  s->deal_events[take(&s->n_deal_events, MAX_DEAL_EVENTS, "deal events")] = (DealEvent){at, n, stage};
  deal->stage = stage;
  if( stage >= CLOSED_WON ) deal->closed_at = at;
}

/* Walks a deal from now to its close `cycle` later, or until today. Returns true if it was closed. */
static bool walk_deal(Journey *j, Deal *deal, int64_t cycle, bool won, bool stale){
  Random *random = &j->random;
  int64_t opened = j->now, close = later(random, opened + cycle, 0, 1);
  enter_deal_stage(j, deal, opened, DISCOVERY);
  int reach = won ? 2 : (int)below(random, 3);  /* lost deals leave early or late */
  int64_t proposed = later(random, opened + cycle * (20 + below(random, 20)) / 100, 0, 1);
  int64_t negotiated = later(random, proposed + cycle * (15 + below(random, 30)) / 100, 0, 1);
  if( reach >= 1 && proposed < close ) enter_deal_stage(j, deal, proposed, PROPOSAL);
  if( reach >= 2 && negotiated < close && !chance(random, 12) ) enter_deal_stage(j, deal, negotiated, NEGOTIATION);
  if( stale || close > END ) return false;
  if( !won ) deal->reason = no_deal[below(random, COUNT(no_deal))];
  enter_deal_stage(j, deal, close, won ? CLOSED_WON : CLOSED_LOST);
  j->now = close;
  return true;
}

static void maybe_refund(Journey *j, const Deal *sold){
  if( !chance(&j->random, 5) ) return;
  int part = chance(&j->random, 60) ? 100 : 10 + (int)below(&j->random, 60);
  int64_t at = later(&j->random, j->now, 10 * 24, 60 * 24);
  if( at > END ) return;
  Journey refund = *j;
  refund.now = at;
  Deal *deal = add_deal(&refund, REFUND, -(sold->cents * part / 100));
  deal->refund_of = (int)(sold - j->story->deals);
  deal->lead = sold->lead;
  deal->at = deal->closed_at = at;
  deal->opportunity_at = sold->opportunity_at; /* the sale's milestones */
  deal->stage = CLOSED_WON;
  j->random = refund.random;
}

static int64_t amount(Journey *j, int divisor){
  static const int64_t low[] = {180000, 900000, 3500000}, high[] = {2200000, 9000000, 40000000};
  int segment = j->account->segment;
  int64_t cents = below(&j->random, 100);
  return skewed(&j->random, low[segment], high[segment]) / divisor + cents;
}

static int64_t cycle_of(Journey *j){
  static const int64_t low[] = {9, 25, 45}, high[] = {70, 140, 260};
  int segment = j->account->segment;
  return skewed(&j->random, low[segment] * DAY, high[segment] * DAY);
}

/* After the first sale: newsletters, and perhaps more business. */
static void be_customer(Journey *j){
  Random *random = &j->random;
  add_committee(j, j->now, j->now + 200 * DAY, 1 + (int)below(random, 5), customer_mix);
  if( !chance(random, 40) ) return;
  j->now = later(random, j->now, 50 * 24, 330 * 24);
  if( j->now > END ) return;
  int64_t cycle = skewed(random, 8 * DAY, 60 * DAY);
  add_committee(j, j->now - 20 * DAY, j->now + cycle, (int)below(random, 6), customer_mix);
  Deal *deal = add_deal(j, EXPANSION, amount(j, 2));
  bool won = chance(random, 68);
  walk_deal(j, deal, cycle, won, chance(random, 4));
  if( deal->stage == CLOSED_WON ) maybe_refund(j, deal);
}

/* The opportunity of a lead that became an SQL. */
static void work_deal(Journey *j){
  static const int by_fit[] = {-12, 6, 18};
  Random *random = &j->random;
  int64_t opened = j->now, cycle = cycle_of(j);
  int people = (int)(cycle / (22 * DAY) + below(random, 2 + 2 * j->account->segment));
  int strong = add_committee(j, opened, opened + cycle, people, late_mix);
  int win = 34 + by_fit[j->account->fit] + win_bonus[j->source] + (strong > 2 ? 12 : strong * 6);
  if( j->account->target == REACHED && opened > AIR_COVER_START ) win += 8;
  Deal *deal = add_deal(j, NEW_BUSINESS, amount(j, 1));
  bool won = chance(random, win);
  if( !won ) cycle = cycle * (30 + below(random, 80)) / 100 + DAY;
  if( !walk_deal(j, deal, cycle, won, chance(random, 5)) ) return;
  add_event(j, deal->closed_at, won ? WON : LOST, deal->reason);
  if( !won ) return;
  if( chance(random, 3) ) add_touch(j, deal->closed_at, j->contact, SDR); /* the very second: it counts */
  maybe_refund(j, deal);
  be_customer(j);
}

/* One pass of a lead from its inquiry. Returns true if it was closed as idle. */
static bool run_pass(Journey *j){
  Random *random = &j->random;
  j->score = 0;
  add_response(j, j->source);
  if( !add_event(j, j->now + 60 * (1 + below(random, 20)), INQUIRY, NULL) ) return false;
  if( !reaches_mql(j) ) return end_idle(j, 12, bad_lead, COUNT(bad_lead));
  if( !add_event(j, j->now, MQL, NULL) ) return false;
  bool fresh_bar = j->now >= MQL_CHANGE; /* fewer MQLs, better ones */
  bool slow = j->story->leads[j->lead].sdr == SLOW_SDR;
  add_calls(j, 1 + (int)below(random, 2 + j->account->segment));
  int fate = (int)below(random, 100);
  if( fate < (fresh_bar ? 22 : 34) ) return end_idle(j, 60, no_mql, COUNT(no_mql));
  if( !chance(random, 8) ){        /* else the step was skipped in the CRM */
    int64_t accepted = later(random, j->now, 2, slow ? 480 : 90);
    if( accepted > j->stage_at + IDLE ) return end_idle(j, 0, no_mql, 1);
    if( !add_event(j, accepted, SAL, NULL) ) return false;
  }
  add_committee(j, j->now, j->now + 10 * DAY, (int)below(random, 2 + j->account->segment), late_mix);
  add_calls(j, (int)below(random, 3));
  if( chance(random, fresh_bar ? 24 : 30) ) return end_idle(j, 55, no_sal, COUNT(no_sal));
  int64_t qualified = later(random, j->now, 20, 24 * 16);
  if( qualified > j->stage_at + IDLE ) return end_idle(j, 0, no_sal, 1);
  if( add_event(j, qualified, SQL, NULL) ) work_deal(j);
  return false;
}

/* A lead from its first response to the end of its last pass. */
static void run_lead(Journey *j, int contact, int64_t start, int source){
  Story *s = j->story;
  Random *random = &j->random;
  j->now = later(random, start, 0, 48);
  if( j->now > END ) return;
  j->contact = contact;
  j->source = source < 0 ? (enum Channel)weighted(random, first_mix, N_CHANNELS) : (enum Channel)source;
  j->lead = take(&s->n_leads, MAX_LEADS, "leads");
  int first_touch = s->n_touches;
  s->leads[j->lead] = (Lead){j->now, j->account_no, contact, 0, (int)below(random, N_SDRS), j->source, INQUIRY};
  for(int pass = 1; run_pass(j) && pass < 4 && chance(random, 42); pass++){
    s->scores[take(&s->n_scores, MAX_SCORES, "scores")] = (Score){j->now, j->lead, 0};
    j->now = later(random, j->now, 4 * 24, 260 * 24);
    if( j->now > END ) break;
    enum Channel old = j->source;
    while( j->source == old ) j->source = (enum Channel)weighted(random, first_mix, N_CHANNELS);
  }
  s->leads[j->lead].campaign = s->touches[first_touch].campaign;
}

/* 2,000 accounts; whatever is drawn here is known before anything happens. */
static void found_accounts(Story *s){
  static const int segments[] = {45, 37, 18}, countries[] = {30, 14, 12, 20, 6, 6, 6, 6};
  static const int fits[] = {35, 40, 25}, lead_counts[] = {12, 28, 35, 25};
  for(int i = 0; i < N_ACCOUNTS; i++){
    Random random = random_start(SEED + (uint64_t)i * 1000003);
    Account *a = &s->accounts[i];
    a->segment = weighted(&random, segments, COUNT(segments));
    a->country = weighted(&random, countries, COUNT(countries));
    a->fit = weighted(&random, fits, COUNT(fits));
    a->seller = (int)below(&random, N_SELLERS);
    a->contacts = 4 + (int)below(&random, 4);
    a->first_contact = s->n_contacts;
    s->n_contacts += a->contacts;
    a->silent = i % 61 == 17;
    a->leads = a->silent ? 0 : weighted(&random, lead_counts, COUNT(lead_counts));
    if( a->leads >= a->contacts ) a->leads = a->contacts - 1;
    int64_t arrival = START - 200 * DAY + below(&random, END - START + 170 * DAY);
    a->created_at = arrival > START ? arrival : arrival - below(&random, 900 * DAY);
    a->arrived_at = arrival > START ? arrival : START;
    if( !a->silent && a->fit > 0 && arrival < AIR_COVER_START && chance(&random, 55) ){
      a->target = chance(&random, 25) ? HELD_OUT : REACHED;
    }
    a->air_lead = a->target == REACHED && a->leads + 1 < a->contacts && chance(&random, 14);
    a->leads += a->air_lead;
  }
}

/* The campaign with a hold-out: reached accounts see the ads, and some come in through them. */
static void air_cover(Journey *j){
  if( j->account->target != REACHED ) return;
  int n = 2 + (int)below(&j->random, 3);
  for(int i = 0; i < n; i++){
    int64_t at = later(&j->random, AIR_COVER_START + below(&j->random, 85 * DAY), 0, 24);
    Touch *touch = add_touch(j, at, other_contact(j), PAID_SOCIAL);
    if( touch == NULL ) continue;
    touch->campaign = AIR_COVER;
    touch->offer = VIDEO;
  }
  if( !j->account->air_lead ) return;
  int contact = j->account->first_contact + j->account->leads - 1;
  run_lead(j, contact, AIR_COVER_START + below(&j->random, 80 * DAY), PAID_SOCIAL);
}

/* An account that sales knew from elsewhere: business without a single touch. */
static void walk_in(Journey *j){
  j->now = later(&j->random, j->account->arrived_at, 0, 90 * 24);
  j->contact = j->account->first_contact;
  if( j->now > END ) return;
  Deal *deal = add_deal(j, NEW_BUSINESS, amount(j, 1));
  int64_t cycle = cycle_of(j);
  walk_deal(j, deal, cycle, chance(&j->random, 85), false);
}

static void live_account(Story *s, int account_no){
  Account *a = &s->accounts[account_no];
  Journey j = {.story = s, .account = a, .account_no = account_no, .lead = -1};
  j.random = random_start(SEED * 31 + (uint64_t)account_no * 1000033);
  if( a->silent ){
    walk_in(&j);
    return;
  }
  int64_t start = a->arrived_at + skewed(&j.random, DAY, 150 * DAY);
  for(int i = 0; i < a->leads - a->air_lead; i++){
    j.contact = other_contact(&j);
    add_committee(&j, start - 45 * DAY, start, (int)below(&j.random, 2 + a->segment), first_mix);
    run_lead(&j, a->first_contact + i, start, -1);
    start += 60 * DAY + below(&j.random, 330 * DAY);
  }
  air_cover(&j);
}

/* Everything else that a CRM sees: visits that lead nowhere, and faults of the recording. */
static void add_noise(Story *s){
  Journey j = {.story = s, .lead = -1, .random = random_start(SEED * 77)};
  for(int i = 0; i < N_UNMATCHED; i++){
    j.account_no = -1;
    add_touch(&j, later(&j.random, START + below(&j.random, 729 * DAY), 0, 1), -1, ORGANIC_SEARCH);
  }
  while( s->n_touches < N_TOUCHES ){
    j.account_no = (int)below(&j.random, N_ACCOUNTS);
    j.account = &s->accounts[j.account_no];
    int interest = j.account->deals > 0 ? 3 : j.account->leads > 0 ? 45 : 100;
    if( j.account->silent || !chance(&j.random, interest) ) continue;
    int contact = other_contact(&j);
    int64_t at = j.account->arrived_at + below(&j.random, END - j.account->arrived_at);
    for(int n = 1 + (int)below(&j.random, 5); n > 0 && s->n_touches < N_TOUCHES; n--){
      at = later(&j.random, at, 0, 150);
      Touch *touch = add_touch(&j, at, contact, (enum Channel)weighted(&j.random, noise_mix, N_CHANNELS));
      bool twice = touch != NULL && s->n_touches % 997 == 0 && s->n_touches < N_TOUCHES;
      if( twice ) s->touches[s->n_touches++] = *touch; /* a form sent twice */
    }
  }
}

void tell_story(Story *s){
  found_accounts(s);
  for(int i = 0; i < N_ACCOUNTS; i++) live_account(s, i);
  add_noise(s);
  assert(s->n_touches == N_TOUCHES);
}

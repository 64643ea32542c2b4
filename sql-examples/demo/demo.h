/*
** demo.h: the one internal header of the demo generator, cut by banners into
** the interface of each file. What the program is for: see generate.c.
*/
#ifndef ATTRIBUTION_DEMO_H
#define ATTRIBUTION_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)
#define START INT64_C(1672531200) /* 2023-01-01 00:00:00 UTC */
#define END INT64_C(1735689599)   /* 2024-12-31 23:59:59 UTC, "today" in the story */

#define N_ACCOUNTS 2000
#define N_TOUCHES 60000
#define N_UNMATCHED 60 /* touches that nobody could match to an account */
#define MAX_CONTACTS (N_ACCOUNTS * 7)
#define MAX_LEADS (N_ACCOUNTS * 4)
#define MAX_STAGE_EVENTS (MAX_LEADS * 8)
#define MAX_DEALS 6000
#define MAX_DEAL_EVENTS (MAX_DEALS * 4)
#define MAX_DEAL_CONTACTS (MAX_DEALS * 4)
#define MAX_SCORES N_TOUCHES

/************************ Interface to code in random.c ***********************
** splitmix64: the same numbers on every machine, no libm, no clock.
*/
typedef struct Random Random;
struct Random { uint64_t state; };

Random random_start(uint64_t seed);
int64_t below(Random *random, int64_t n);                      /* 0 .. n - 1 */
bool chance(Random *random, int percent);
int64_t skewed(Random *random, int64_t low, int64_t high);     /* mostly near low */
int weighted(Random *random, const int *weights, int n);       /* an index */
_Noreturn void die(const char *format, ...);

/************************ Interface to code in story.c ************************
** What happens to the accounts, as rows of plain structs. Every row that has a
** time has it first, so that generate.c can number the rows in order of time.
*/
enum Channel {
  PAID_SEARCH, ORGANIC_SEARCH, PAID_SOCIAL, WEBINAR, EVENT, EMAIL, SYNDICATION, PARTNER, DIRECT, SDR,
  N_CHANNELS
};
enum Stage { INQUIRY, MQL, SAL, SQL, WON, LOST, DISQUALIFIED, RECYCLED };
enum DealStage { DISCOVERY, PROPOSAL, NEGOTIATION, CLOSED_WON, CLOSED_LOST };
enum Kind { NEW_BUSINESS, EXPANSION, REFUND };
enum Target { NOT_TARGETED, HELD_OUT, REACHED };

#define N_OFFERS 22
#define N_CAMPAIGNS (N_OFFERS * 4 + 1) /* one per offer and half-year, and: */
#define AIR_COVER (N_CAMPAIGNS - 1)    /* the one with a hold-out */
#define N_SELLERS 8
#define N_SDRS 6

typedef struct Offer Offer;
struct Offer {
  enum Channel channel;
  const char *name;
  int weight;                       /* against the other offers of the channel */
  int points;                       /* what one touch adds to a lead score */
};

typedef struct Account Account;
struct Account {
  int64_t created_at;
  int64_t arrived_at;               /* nothing happens before */
  int segment, country, fit, seller;
  int first_contact, contacts;      /* contacts 0 .. leads - 1 have leads */
  int leads, deals;
  bool air_lead;                    /* the last lead comes in through the air cover */
  enum Target target;
  bool silent;                      /* no touch was ever recorded */
};

typedef struct Touch Touch;
struct Touch { int64_t at; int account, contact, offer, campaign; }; /* account -1: unmatched */
typedef struct Lead Lead;
struct Lead { int64_t at; int account, contact, campaign, sdr; enum Channel source; enum Stage stage; };
typedef struct StageEvent StageEvent;
struct StageEvent { int64_t at; int lead; enum Stage stage; enum Channel source; int owner; const char *reason; };
typedef struct Score Score;
struct Score { int64_t at; int lead, score; };
typedef struct Deal Deal;
struct Deal {
  int64_t at;                       /* typed into the CRM */
  int64_t opportunity_at;
  int64_t closed_at;                /* 0: still open */
  int64_t cents;                    /* in the currency of the account's country */
  int account, lead, refund_of;     /* -1: none */
  enum Kind kind;
  enum DealStage stage;
  const char *reason;               /* of a loss, or NULL */
};
typedef struct DealEvent DealEvent;
struct DealEvent { int64_t at; int deal; enum DealStage stage; };
typedef struct DealContact DealContact;
struct DealContact { int deal, contact, role; };

typedef struct Story Story;
struct Story {
  Account accounts[N_ACCOUNTS];
  Touch touches[N_TOUCHES];
  Lead leads[MAX_LEADS];
  StageEvent stage_events[MAX_STAGE_EVENTS];
  Score scores[MAX_SCORES];
  Deal deals[MAX_DEALS];
  DealEvent deal_events[MAX_DEAL_EVENTS];
  DealContact deal_contacts[MAX_DEAL_CONTACTS];
  int n_contacts, n_touches, n_leads, n_stage_events, n_scores, n_deals, n_deal_events, n_deal_contacts;
};

extern const char *const channel_names[N_CHANNELS];
extern const Offer offers[N_OFFERS];
void tell_story(Story *story);

/************************ Interface to code in schema.c ***********************
** SQL, each list ends with NULL. tables: before the rows; finish: after them
** (indexes, tables that follow from others, views).
*/
extern const char *const schema_tables[];
extern const char *const schema_finish[];

#endif

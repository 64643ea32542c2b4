/*
** generate OUTPUT.db
**
** Writes the demo database of the cookbook: the CRM of a made-up software
** company that sells to other companies. The same program always writes the
** same rows: own random numbers (random.c), no clock, no floating point.
**
** How it works. story.c tells what happens to 2,000 accounts over two years,
** 2023-01-01 to 2024-12-31, as plain structs; this file names things, numbers
** the rows in order of time and inserts them, in one transaction; schema.c
** holds the tables, and the views and small tables that follow from the rows.
**
** The story.
**   An account is met through one of ten channels. A contact responds and
**   becomes a lead: inquiry. Its touches earn points; at 40 points, from
**   2024-04-01 on at 60, marketing hands it over: mql. An SDR calls and hands
**   it to an account executive (sal), who finds a project (sql), which opens a
**   deal: discovery, proposal, negotiation, won or lost. More people of the
**   account show up on the way. Content syndication brings many leads that
**   are dead on arrival, partners bring few that win often.
**   A lead without progress for 30 days is closed by the nightly job:
**   recycled. Some come back months later through another channel and start
**   a new pass. Others are disqualified, with a reason. One SDR and one
**   account executive let leads lie: those stay open beyond the 30 days.
**   Won accounts get newsletters, buy more (kind 'expansion', no lead), and a
**   few get money back: kind 'refund', a won deal with a negative amount.
**   Some accounts were known to sales from elsewhere: deals without a touch.
**   In spring 2024 one campaign ran against target accounts with a hold-out.
**   The recording has its faults, as everywhere: some touches match no
**   account, some forms were sent twice, some leads skip the sal step, and
**   marketing's own list of won deals differs from the CRM.
*/
#include "demo.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char *const first_words[40] = {
  "Alder", "Amber", "Arbor", "Astra", "Atlas", "Aurora", "Beacon", "Birch", "Blue", "Bright", "Cedar", "Clear",
  "Cobalt", "Copper", "Coral", "Crest", "Delta", "Echo", "Elm", "Ember", "Falcon", "Fern", "Forge", "Granite",
  "Harbor", "Hazel", "Iron", "Juniper", "Kestrel", "Lark", "Lumen", "Maple", "Meridian", "North", "Oak", "Onyx",
  "Pioneer", "River", "Silver", "Summit"
};
static const char *const second_words[50] = { /* five per industry */
  "Software", "Analytics", "Systems", "Cloud", "Robotics", "Machines", "Tools", "Steel", "Motors", "Plastics",
  "Logistics", "Freight", "Shipping", "Rail", "Couriers", "Foods", "Bakeries", "Dairy", "Drinks", "Farms",
  "Clinics", "Pharma", "Diagnostics", "Care", "Dental", "Bank", "Insurance", "Capital", "Leasing", "Payments",
  "Energy", "Solar", "Wind", "Water", "Grid", "Retail", "Fashion", "Furniture", "Books", "Sports",
  "Consulting", "Law", "Staffing", "Design", "Media", "Academy", "Campus", "Learning", "Press", "Institute"
};
static const char *const industries[10] = {
  "software", "manufacturing", "logistics", "food", "healthcare", "finance", "utilities", "retail", "services", "education"
};
static const char *const given_names[40] = {
  "Ada", "Ali", "Anna", "Ben", "Bruno", "Carla", "Chloe", "David", "Diana", "Elias", "Emma", "Eva", "Felix", "Freya",
  "Hana", "Hugo", "Ida", "Ivan", "Jana", "Jonas", "Julia", "Karim", "Lara", "Leo", "Lin", "Luca", "Maria", "Max",
  "Mila", "Nina", "Noah", "Olga", "Omar", "Paul", "Petra", "Rosa", "Sam", "Sara", "Tom", "Vera"
};
static const char *const family_names[36] = {
  "Adler", "Almeida", "Bauer", "Bergman", "Brown", "Carter", "Costa", "Dubois", "Evans", "Ferrari", "Fischer", "Garcia",
  "Haas", "Hansen", "Ito", "Jansen", "Keller", "Kim", "Kowalski", "Lang", "Lopez", "Martin", "Meyer", "Moreau", "Novak",
  "Olsen", "Patel", "Petit", "Rossi", "Schmidt", "Silva", "Smith", "Vogel", "Wagner", "Weber", "Young"
};
static const char *const owners[N_SDRS + N_SELLERS] = {
  "Amir Haddad", "Bea Lindqvist", "Carlos Vega", "Dana Whitfield", "Eero Salo", "Fiona Byrne", "Greta Holm",
  "Henrik Maas", "Ines Duarte", "Jakub Zeman", "Kira Sommer", "Liam Doyle", "Marta Ricci", "Nils Brandt"
};
static const char *const segments[] = {"smb", "mid-market", "enterprise"};
static const char *const fits[] = {"weak", "moderate", "strong"};
static const char *const countries[] = {"DE", "FR", "NL", "US", "GB", "AT", "ES", "IE"};
static const char *const currencies[] = {"EUR", "EUR", "EUR", "USD", "GBP", "EUR", "EUR", "EUR"};
static const char *const roles[] = {"head of marketing", "head of sales", "it manager", "chief executive", "analyst", "intern"};
static const char *const deal_roles[] = {"primary", "decision maker", "economic buyer", "champion", "influencer"};
static const char *const stages[] = {"inquiry", "mql", "sal", "sql", "won", "lost", "disqualified", "recycled"};
static const char *const deal_stages[] = {"discovery", "proposal", "negotiation", "won", "lost"};
static const char *const kinds[] = {"new business", "expansion", "refund"};

typedef struct Output Output;
struct Output {
  const char *path;
  sqlite3 *db;
};
static Output output;

/* Ends the program; half a database is worse than none. */
void die(const char *format, ...){
  va_list arguments;
  va_start(arguments, format);
  fputs("generate: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  sqlite3_close_v2(output.db);
  if( output.path != NULL ) remove(output.path);
  exit(1);
}

static void run(const char *sql){
  if( sqlite3_exec(output.db, sql, NULL, NULL, NULL) != SQLITE_OK ) die("%s: %s", sqlite3_errmsg(output.db), sql);
}

static void run_all(const char *const *list){
  for(int i = 0; list[i] != NULL; i++) run(list[i]);
}

static sqlite3_stmt *into(const char *table, int n_columns){
  char sql[160];
  int n = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES(?", table);
  while( --n_columns > 0 ) n += snprintf(sql + n, sizeof sql - (size_t)n, ",?");
  snprintf(sql + n, sizeof sql - (size_t)n, ")");
  sqlite3_stmt *statement = NULL;
  if( sqlite3_prepare_v2(output.db, sql, -1, &statement, NULL) != SQLITE_OK ) die("%s", sqlite3_errmsg(output.db));
  return statement;
}

/* Days since 1970-01-01 as a date, after Howard Hinnant's civil_from_days. */
static void civil(int64_t days, int *year, int *month, int *day){
  int64_t z = days + 719468, era = z / 146097, doe = z % 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  *day = (int)(doy - (153 * mp + 2) / 5 + 1);
  *month = (int)(mp < 10 ? mp + 3 : mp - 9);
  *year = (int)(yoe + era * 400 + (*month <= 2));
}

static const char *iso(int64_t at, char text[48]){
  int year, month, day, second = (int)(at % DAY);
  civil(at / DAY, &year, &month, &day);
  snprintf(text, 48, "%04d-%02d-%02d %02d:%02d:%02d", year, month, day, second / 3600, second / 60 % 60, second % 60);
  return text;
}

/* Inserts one row. kinds has a letter per column: i int, r reference (0: NULL), c int64_t, t time (0: NULL),
** s text (NULL: NULL), m millionths (int64_t) as a real number. */
static void insert(sqlite3_stmt *row, const char *kinds_of, ...){
  char text[48];
  va_list values;
  va_start(values, kinds_of);
  for(int i = 1; kinds_of[i - 1] != 0; i++){
    char kind = kinds_of[i - 1];
    int rc = SQLITE_OK;
    if( kind == 's' ){
      rc = sqlite3_bind_text(row, i, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
    }else if( kind == 'i' || kind == 'r' ){
      int value = va_arg(values, int);
      rc = kind == 'r' && value == 0 ? sqlite3_bind_null(row, i) : sqlite3_bind_int(row, i, value);
    }else{
      int64_t value = va_arg(values, int64_t);
      if( kind == 'c' ) rc = sqlite3_bind_int64(row, i, value);
      else if( kind == 'm' ) rc = sqlite3_bind_double(row, i, (double)value / 1e6);
      else rc = value == 0 ? sqlite3_bind_null(row, i) : sqlite3_bind_text(row, i, iso(value, text), -1, SQLITE_TRANSIENT);
    }
    if( rc != SQLITE_OK ) die("%s", sqlite3_errmsg(output.db));
  }
  va_end(values);
  if( sqlite3_step(row) != SQLITE_DONE || sqlite3_reset(row) != SQLITE_OK ) die("%s", sqlite3_errmsg(output.db));
}

/************************ Rows in order of time *******************************/
typedef struct Place Place;
struct Place { int64_t at; int row; };

static int compare_places(const void *left, const void *right){
  const Place *a = left, *b = right;
  if( a->at != b->at ) return a->at < b->at ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

/* The rows' indices in order of time. Each row starts with its time. Freed by the caller. */
static int *in_order(const void *rows, size_t size, int n){
  Place *places = calloc((size_t)n + 1, sizeof *places);
  int *order = calloc((size_t)n + 1, sizeof *order);
  if( places == NULL || order == NULL ) die("out of memory");
  for(int i = 0; i < n; i++){
    memcpy(&places[i].at, (const char *)rows + (size_t)i * size, sizeof places[i].at);
    places[i].row = i;
  }
  qsort(places, (size_t)n, sizeof *places, compare_places);
  for(int i = 0; i < n; i++) order[i] = places[i].row;
  free(places);
  return order;
}

/* The other way round: the id (from 1) of each row. */
static int *ids_of(const int *order, int n){
  int *ids = calloc((size_t)n + 1, sizeof *ids);
  if( ids == NULL ) die("out of memory");
  for(int i = 0; i < n; i++) ids[order[i]] = i + 1;
  return ids;
}

/************************ Tables **********************************************/
typedef struct Name Name;
struct Name { char text[96]; };

/* Every pair of words once, well mixed. */
static int words_of(int account){
  return (int)((int64_t)account * 7919 % N_ACCOUNTS);
}

static Name account_name(int account){
  Name name;
  int words = words_of(account);
  snprintf(name.text, sizeof name.text, "%s %s", first_words[words % 40], second_words[words / 40]);
  return name;
}

static Name domain_of(int account){
  Name name;
  int words = words_of(account);
  snprintf(name.text, sizeof name.text, "%s%s.example", first_words[words % 40], second_words[words / 40]);
  for(char *c = name.text; *c != 0; c++) if( *c >= 'A' && *c <= 'Z' ) *c = (char)(*c - 'A' + 'a');
  return name;
}

static void write_accounts(const Story *s){
  sqlite3_stmt *account_row = into("accounts", 9), *contact_row = into("contacts", 7), *target_row = into("campaign_targets", 3);
  for(int i = 0; i < N_ACCOUNTS; i++){
    const Account *a = &s->accounts[i];
    Random random = random_start((uint64_t)i);
    Name domain = domain_of(i);
    insert(account_row, "issssssst", i + 1, account_name(i).text, domain.text, industries[words_of(i) / 200],
           segments[a->segment], countries[a->country], fits[a->fit], owners[N_SDRS + a->seller], a->created_at);
    if( a->target != NOT_TARGETED ) insert(target_row, "iii", AIR_COVER + 1, i + 1, a->target == HELD_OUT);
    int given = (int)below(&random, 40);
    for(int k = 0; k < a->contacts; k++){
      int role = (int)below(&random, COUNT(roles)), fit = role == 5 ? 0 : role == 4 ? 1 : 2;
      const char *first = given_names[(given + k * 7) % 40], *last = family_names[below(&random, 36)];
      Name person, email;
      snprintf(person.text, sizeof person.text, "%s %s", first, last);
      snprintf(email.text, sizeof email.text, "%s.%s@%.60s", first, last, domain.text);
      for(char *c = email.text; *c != 0; c++) if( *c >= 'A' && *c <= 'Z' ) *c = (char)(*c - 'A' + 'a');
      insert(contact_row, "iissssi", a->first_contact + k + 1, i + 1, person.text, email.text, roles[role], fits[fit], k == 0);
    }
  }
  sqlite3_finalize(account_row);
  sqlite3_finalize(contact_row);
  sqlite3_finalize(target_row);
}

static const char *type_of(enum Channel channel){
  return channel == SDR ? "sales activity" : "marketing";
}

static void write_campaigns(void){
  static const char *const halves[] = {"2023 H1", "2023 H2", "2024 H1", "2024 H2"};
  static const char *const starts[] = {"2023-01-01", "2023-07-01", "2024-01-01", "2024-07-01"};
  static const char *const ends[] = {"2023-06-30", "2023-12-31", "2024-06-30", "2024-12-31"};
  sqlite3_stmt *row = into("campaigns", 7);
  for(int i = 0; i < N_OFFERS * 4; i++){
    const Offer *offer = &offers[i / 4];
    const char *channel = channel_names[offer->channel];
    Name name;
    snprintf(name.text, sizeof name.text, "%s %s, %s", channel, offer->name, halves[i % 4]);
    insert(row, "issssss", i + 1, name.text, channel, offer->name, type_of(offer->channel), starts[i % 4], ends[i % 4]);
  }
  insert(row, "issssss", AIR_COVER + 1, "air cover for target accounts, spring 2024", channel_names[PAID_SOCIAL], "video",
         "marketing", "2024-03-01", "2024-05-31");
  sqlite3_finalize(row);
}

/* A month as text; months count from 2023-01. */
static const char *month_of(int month, char text[48]){
  snprintf(text, 48, "%04d-%02d", 2023 + month / 12, month % 12 + 1);
  return text;
}

static void write_spend(void){
  static const int monthly[N_CHANNELS] = { /* EUR */
    26000, 9000, 21000, 8000, 30000, 4000, 14000, 7000, 0, 24000
  };
  Random random = random_start(4711);
  sqlite3_stmt *row = into("spend", 4);
  char month[48];
  for(int m = 0; m < 24; m++){
    for(int i = 0; i < N_OFFERS; i++){
      enum Channel channel = offers[i].channel;
      int64_t percent = 85 + m + below(&random, 31);
      int64_t cents = (int64_t)monthly[channel] * offers[i].weight * percent / 100 + below(&random, 100);
      if( offers[i].points < 0 || monthly[channel] == 0 ) continue; /* nobody pays for unsubscribes */
      insert(row, "sisc", month_of(m, month), i * 4 + m / 6 + 1, channel_names[channel], cents);
    }
    if( m >= 14 && m <= 16 ){
      insert(row, "sisc", month_of(m, month), AIR_COVER + 1, channel_names[PAID_SOCIAL], INT64_C(1150000));
    }
  }
  sqlite3_finalize(row);
}

static void write_rates(void){
  static const char *const names[] = {"EUR", "USD", "GBP"};
  int64_t rates[] = {1000000, 932000, 1135000}; /* millionths of a euro */
  Random random = random_start(4712);
  sqlite3_stmt *row = into("fx_rates", 3);
  char month[48];
  for(int m = 0; m < 24; m++){
    for(int i = 0; i < COUNT(names); i++){
      if( i > 0 ) rates[i] += (below(&random, 301) - 150) * 100;
      insert(row, "ssm", names[i], month_of(m, month), rates[i]);
    }
  }
  sqlite3_finalize(row);
}

static void write_touches(const Story *s){
  int *order = in_order(s->touches, sizeof s->touches[0], s->n_touches);
  sqlite3_stmt *row = into("touches", 9);
  for(int i = 0; i < s->n_touches; i++){
    const Touch *touch = &s->touches[order[i]];
    const Offer *offer = &offers[touch->offer];
    insert(row, "irrisssti", i + 1, touch->account + 1, touch->contact + 1, touch->campaign + 1,
           channel_names[offer->channel], offer->name, type_of(offer->channel), touch->at, offer->points);
  }
  sqlite3_finalize(row);
  free(order);
}

static void write_leads(const Story *s, const int *order, const int *ids){
  sqlite3_stmt *row = into("leads", 8);
  for(int i = 0; i < s->n_leads; i++){
    const Lead *lead = &s->leads[order[i]];
    insert(row, "iiitsiss", i + 1, lead->account + 1, lead->contact + 1, lead->at, channel_names[lead->source],
           lead->campaign + 1, owners[lead->sdr], stages[lead->stage]);
  }
  sqlite3_finalize(row);
  int *event_order = in_order(s->stage_events, sizeof s->stage_events[0], s->n_stage_events);
  row = into("stage_events", 8);
  for(int i = 0; i < s->n_stage_events; i++){
    const StageEvent *event = &s->stage_events[event_order[i]];
    insert(row, "iiistsss", i + 1, ids[event->lead], s->leads[event->lead].account + 1, stages[event->stage], event->at,
           channel_names[event->source], owners[event->owner], event->reason);
  }
  sqlite3_finalize(row);
  free(event_order);
  int *score_order = in_order(s->scores, sizeof s->scores[0], s->n_scores);
  row = into("score_log", 4);
  for(int i = 0; i < s->n_scores; i++){
    const Score *score = &s->scores[score_order[i]];
    insert(row, "iiti", i + 1, ids[score->lead], score->at, score->score);
  }
  sqlite3_finalize(row);
  free(score_order);
}

static void write_deals(const Story *s, const int *order, const int *ids, const int *lead_ids){
  static const char *const statuses[] = {"open", "open", "open", "won", "lost"};
  sqlite3_stmt *row = into("deals", 16);
  for(int i = 0; i < s->n_deals; i++){
    const Deal *deal = &s->deals[order[i]];
    const Account *account = &s->accounts[deal->account];
    Name name;
    snprintf(name.text, sizeof name.text, "%.60s, %s", account_name(deal->account).text, kinds[deal->kind]);
    insert(row, "iirrssssttttcsss", i + 1, deal->account + 1, deal->lead < 0 ? 0 : lead_ids[deal->lead],
           deal->refund_of < 0 ? 0 : ids[deal->refund_of], name.text, kinds[deal->kind], statuses[deal->stage],
           deal_stages[deal->stage], deal->at, deal->lead < 0 ? 0 : s->leads[deal->lead].at, deal->opportunity_at,
           deal->closed_at, deal->cents, currencies[account->country], owners[N_SDRS + account->seller], deal->reason);
  }
  sqlite3_finalize(row);
  int *event_order = in_order(s->deal_events, sizeof s->deal_events[0], s->n_deal_events);
  row = into("deal_stage_events", 4);
  for(int i = 0; i < s->n_deal_events; i++){
    const DealEvent *event = &s->deal_events[event_order[i]];
    insert(row, "iist", i + 1, ids[event->deal], deal_stages[event->stage], event->at);
  }
  sqlite3_finalize(row);
  free(event_order);
  row = into("deal_contacts", 3);
  for(int i = 0; i < s->n_deal_contacts; i++){
    const DealContact *person = &s->deal_contacts[i];
    insert(row, "iis", ids[person->deal], person->contact + 1, deal_roles[person->role]);
  }
  sqlite3_finalize(row);
}

static void write_owners(void){
  sqlite3_stmt *row = into("sales_team", 2);
  for(int i = 0; i < COUNT(owners); i++) insert(row, "ss", owners[i], i < N_SDRS ? "sdr" : "account executive");
  sqlite3_finalize(row);
}

static void write_story(const Story *s){
  int *lead_order = in_order(s->leads, sizeof s->leads[0], s->n_leads), *lead_ids = ids_of(lead_order, s->n_leads);
  int *deal_order = in_order(s->deals, sizeof s->deals[0], s->n_deals), *deal_ids = ids_of(deal_order, s->n_deals);
  write_owners();
  write_accounts(s);
  write_campaigns();
  write_spend();
  write_rates();
  write_touches(s);
  write_leads(s, lead_order, lead_ids);
  write_deals(s, deal_order, deal_ids, lead_ids);
  free(lead_order);
  free(lead_ids);
  free(deal_order);
  free(deal_ids);
}

int main(int argc, char **argv){
  if( argc != 2 || argv[1][0] == '-' ){
    fputs("usage: generate OUTPUT.db\nwrites the demo database of the cookbook; an older file is replaced\n", stderr);
    return 2;
  }
  static Story story;
  tell_story(&story);
  output.path = argv[1];
  remove(output.path);
  if( sqlite3_open(output.path, &output.db) != SQLITE_OK ) die("%s: %s", argv[1], sqlite3_errmsg(output.db));
  run("PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
  run_all(schema_tables);
  write_story(&story);
  run_all(schema_finish);
  run("ANALYZE; COMMIT");
  if( sqlite3_close(output.db) != SQLITE_OK ) die("could not close %s", argv[1]);
  return 0;
}

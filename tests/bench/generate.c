/*
** generate OUTPUT.db TOUCHES [int|text] [index]
**
** Writes a made-up customer database for the benchmark. The same arguments always give the same rows.
**
**   touches      TOUCHES rows            (id INTEGER PRIMARY KEY, customer_id, ts, channel)
**   conversions  0.06 * TOUCHES rows     (id INTEGER PRIMARY KEY, customer_id, ts, value)
**   events       0.40 * TOUCHES rows     (id INTEGER PRIMARY KEY, customer_id, ts, stage)
**
** There are TOUCHES / 10 customers. Every table covers the same two years and lies in the order of time, as a log
** does, so the rows of one customer are spread over the whole table. `text` makes customer ids of 36 characters
** instead of integers, `index` adds a covering index on touches(customer_id, ts, channel) and one on
** conversions(customer_id).
** The database has SQLite's default settings; only the load itself runs without a journal.
*/
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPAN_START INT64_C(1640995200) /* 2022-01-01 00:00:00 UTC, seconds */
#define SPAN_SECONDS (INT64_C(730) * 86400)
#define TOUCHES_MIN INT64_C(100)
#define TOUCHES_MAX INT64_C(1000000000)
#define ID_TEXT_BYTES 36

typedef struct Output Output;
struct Output {
  sqlite3 *db;
  uint64_t random_state;
  int64_t customers;
  bool text_ids;
};

typedef struct Channel Channel;
struct Channel {
  const char *name;
  unsigned per_mille; /* share of the touches, in thousandths */
};

static const Channel channels[] = {
    {"organic_search", 240}, {"direct", 190}, {"paid_search", 150}, {"email", 110}, {"paid_social", 90},
    {"organic_social", 60},  {"display", 50}, {"referral", 40},     {"webinar", 30}, {"affiliate", 20},
    {"event", 12},           {"partner", 8},
};
#define CHANNELS (sizeof channels / sizeof channels[0])

enum { STAGE_INQUIRY, STAGE_MQL, STAGE_SAL, STAGE_OPPORTUNITY, STAGE_WON, STAGE_LOST };
static const char *const stages[] = {"inquiry", "mql", "sal", "opportunity", "won", "lost"};

static _Noreturn void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("generate: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static void check(const Output *output, int rc, const char *what) {
  if (rc != SQLITE_OK && rc != SQLITE_DONE) die("%s: %s", what, sqlite3_errmsg(output->db));
}

static void run(const Output *output, const char *sql) {
  check(output, sqlite3_exec(output->db, sql, NULL, NULL, NULL), sql);
}

static sqlite3_stmt *prepare(const Output *output, const char *sql) {
  sqlite3_stmt *statement = NULL;
  check(output, sqlite3_prepare_v2(output->db, sql, -1, &statement, NULL), sql);
  return statement;
}

/* splitmix64's output function, on its own a good 64-bit mixer */
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static uint64_t next_random(Output *output) {
  output->random_state += UINT64_C(0x9e3779b97f4a7c15);
  return mix(output->random_state);
}

/* 0 .. bound - 1; the bias of the remainder is below 2^-30 for every bound used here */
static int64_t random_below(Output *output, int64_t bound) {
  return (int64_t)(next_random(output) % (uint64_t)bound);
}

/* Seconds of row `row` out of `rows`: never before the row before it. */
static int64_t time_of_row(Output *output, int64_t row, int64_t rows) {
  return SPAN_START + (row * SPAN_SECONDS + random_below(output, SPAN_SECONDS)) / rows;
}

/* `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` from the customer's number */
static void write_id_text(int64_t customer, char text[ID_TEXT_BYTES]) {
  static const char hex[] = "0123456789abcdef";
  const uint64_t halves[2] = {mix((uint64_t)customer * 2), mix((uint64_t)customer * 2 + 1)};
  unsigned digit = 0;
  for (unsigned i = 0; i < ID_TEXT_BYTES; i++) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      text[i] = '-';
    } else {
      text[i] = hex[(halves[digit / 16] >> (digit % 16 * 4)) & 15];
      digit++;
    }
  }
}

static void bind_customer(const Output *output, sqlite3_stmt *insert, int64_t customer) {
  if (output->text_ids) {
    char text[ID_TEXT_BYTES];
    write_id_text(customer, text);
    check(output, sqlite3_bind_text(insert, 1, text, sizeof text, SQLITE_TRANSIENT), "bind");
  } else {
    check(output, sqlite3_bind_int64(insert, 1, customer + 1), "bind");
  }
}

static void insert_row(const Output *output, sqlite3_stmt *insert) {
  check(output, sqlite3_step(insert), "insert");
  check(output, sqlite3_reset(insert), "insert");
}

static const char *random_channel(Output *output) {
  int64_t draw = random_below(output, 1000);
  for (size_t i = 0; i < CHANNELS; i++) {
    if (draw < channels[i].per_mille) return channels[i].name;
    draw -= channels[i].per_mille;
  }
  return channels[0].name;
}

static void write_touches(Output *output, int64_t rows) {
  sqlite3_stmt *insert = prepare(output, "INSERT INTO touches(customer_id, ts, channel) VALUES (?1, ?2, ?3)");
  for (int64_t row = 0; row < rows; row++) {
    bind_customer(output, insert, random_below(output, output->customers));
    sqlite3_bind_int64(insert, 2, time_of_row(output, row, rows));
    sqlite3_bind_text(insert, 3, random_channel(output), -1, SQLITE_STATIC);
    insert_row(output, insert);
  }
  sqlite3_finalize(insert);
}

static void write_conversions(Output *output, int64_t rows) {
  sqlite3_stmt *insert = prepare(output, "INSERT INTO conversions(customer_id, ts, value) VALUES (?1, ?2, ?3)");
  for (int64_t row = 0; row < rows; row++) {
    bind_customer(output, insert, random_below(output, output->customers));
    sqlite3_bind_int64(insert, 2, time_of_row(output, row, rows));
    sqlite3_bind_double(insert, 3, (double)(1000 + random_below(output, 500000)) / 100);
    insert_row(output, insert);
  }
  sqlite3_finalize(insert);
}

/* The stage after `stage`: mostly one forward, sometimes the same again, sometimes lost; then from the start. */
static int next_stage(Output *output, int stage) {
  const int64_t draw = random_below(output, 100);
  if (stage == STAGE_WON || stage == STAGE_LOST) return STAGE_INQUIRY;
  if (draw < 65) return stage + 1;
  if (draw < 72) return stage + 2 > STAGE_WON ? STAGE_WON : stage + 2;
  if (draw < 85) return stage;
  return STAGE_LOST;
}

static void write_events(Output *output, int64_t rows) {
  unsigned char *stage_of = malloc((size_t)output->customers);
  if (stage_of == NULL) die("out of memory");
  memset(stage_of, STAGE_WON, (size_t)output->customers);
  sqlite3_stmt *insert = prepare(output, "INSERT INTO events(customer_id, ts, stage) VALUES (?1, ?2, ?3)");
  for (int64_t row = 0; row < rows; row++) {
    const int64_t customer = random_below(output, output->customers);
    stage_of[customer] = (unsigned char)next_stage(output, stage_of[customer]);
    bind_customer(output, insert, customer);
    sqlite3_bind_int64(insert, 2, time_of_row(output, row, rows));
    sqlite3_bind_text(insert, 3, stages[stage_of[customer]], -1, SQLITE_STATIC);
    insert_row(output, insert);
  }
  sqlite3_finalize(insert);
  free(stage_of);
}

static void create_table(const Output *output, const char *name, const char *last_column) {
  char sql[160];
  snprintf(sql, sizeof sql, "CREATE TABLE %s(id INTEGER PRIMARY KEY, customer_id %s, ts INTEGER, %s)", name,
           output->text_ids ? "TEXT" : "INTEGER", last_column);
  run(output, sql);
}

static int64_t parse_touches(const char *argument) {
  char *end = NULL;
  errno = 0;
  const long long touches = strtoll(argument, &end, 10);
  if (errno != 0 || end == argument || *end != '\0' || touches < TOUCHES_MIN || touches > TOUCHES_MAX) {
    die("TOUCHES must be a number from %" PRId64 " to %" PRId64 " (got '%s')", TOUCHES_MIN, TOUCHES_MAX, argument);
  }
  return touches;
}

static void refuse_existing(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return;
  fclose(file);
  die("%s exists; remove it first", path);
}

int main(int argc, char **argv) {
  if (argc < 3) die("usage: generate OUTPUT.db TOUCHES [int|text] [index]");
  const int64_t touches = parse_touches(argv[2]);
  Output output = {.db = NULL, .random_state = 20240229, .customers = touches / 10, .text_ids = false};
  bool index = false;
  for (int i = 3; i < argc; i++) {
    if (strcmp(argv[i], "text") == 0) output.text_ids = true;
    else if (strcmp(argv[i], "index") == 0) index = true;
    else if (strcmp(argv[i], "int") != 0) die("int, text or index expected (got '%s')", argv[i]);
  }
  refuse_existing(argv[1]);
  check(&output, sqlite3_open(argv[1], &output.db), argv[1]);
  run(&output, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
               "PRAGMA cache_size = -262144; BEGIN");
  create_table(&output, "touches", "channel TEXT");
  create_table(&output, "conversions", "value REAL");
  create_table(&output, "events", "stage TEXT");
  write_touches(&output, touches);
  write_conversions(&output, touches * 6 / 100);
  write_events(&output, touches * 4 / 10);
  if (index) {
    run(&output, "CREATE INDEX touches_by_customer ON touches(customer_id, ts, channel);"
                 "CREATE INDEX conversions_by_customer ON conversions(customer_id)");
  }
  run(&output, "COMMIT");
  check(&output, sqlite3_close(output.db), "close");
  return 0;
}

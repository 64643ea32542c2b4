/*
** fuzz_forecast.c: open deals and a history of any events. Chances are 0 to 1 and lie in their interval, and
** neither the order of rows nor a second thread changes a bit.
*/
#include "rows.h"
#include "../../ext/core/forecast.h"

typedef struct Given Given;
struct Given { Row deals[MOST_ROWS], history[MOST_ROWS]; size_t n_deals, n_history; const char *stages; char options[300]; int n_tags; };

/* Times of one life: thousands of years of days are thousands of answers, which is slow and says no more. */
static void keep_near(Row *rows, size_t n){
  size_t i;
  for(i=0; i<n; i++){
    AtCell *time = &rows[i].time;
    if( (time->type==AT_INT && llabs(time->integer-START)>1000000000) || (time->type==AT_TEXT && (time->text[0]=='0' || time->text[0]=='9')) ){
      *time = cell_integer(START);
    }
  }
}

static void write_deals(const AtForecast *x, Bytes *out){
  uint32_t i;
  for(i=0; i<x->n; i++){
    const AtOpenDeal *d = &x->deals[i];
    CHECK(d->probability>=0 && d->probability<=1 && (isnan(d->low) || (d->low<=d->probability && d->probability<=d->high)));
    CHECK(isnan(d->low) || (d->low>=0 && d->high<=1));
    CHECK(d->age_days>=0 && (isnan(d->value) ? isnan(d->expected_value) : fabs(d->expected_value)<=fabs(d->value)));
    CHECK(d->close==AT_NO_TIME || (d->close>=AT_MIN_TIME && d->close<=AT_MAX_TIME));
    write_number(out, (uint64_t)d->row<<32 | d->longer);
    write_double(out, d->probability);
    write_double(out, d->low);
    write_double(out, d->high);
    write_double(out, d->expected_value);
    write_number(out, (uint64_t)d->close);
  }
  for(i=0; i<x->n_dues; i++){
    const AtDue *d = &x->dues[i];
    CHECK(i==0 || d->period>x->dues[i-1].period);
    CHECK(d->expected_deals>=0 && d->expected_deals<=(double)d->deals+1e-9 && !(d->low>d->high));
    write_number(out, (uint64_t)d->period);
    write_double(out, d->expected_deals);
    write_double(out, d->expected_value);
    write_double(out, d->low);
    write_double(out, d->high);
  }
}

static void answer(AtEnv *env, const Given *g, int what, Bytes *out){
  AtShape shape = shape_of(1, 1, 0, 0), history_shape = event_shape(g->n_tags);
  AtOptions options;
  AtStages stages;
  AtForecast forecast;
  AtStore *deals = NULL, *history = NULL;
  shape.n_tags = g->n_tags;
  shape.relation = "open_deals";
  shape.tag[0] = "segment";
  memset(&stages, 0, sizeof stages);
  memset(&forecast, 0, sizeof forecast);
  at_options_parse(env, &options, g->options, strlen(g->options), AT_FOR_FORECAST_SUMMARY);
  if( !env->error.code && parse_stages(env, &stages, g->stages) && at_funnel_check(env, &stages, &options) ){
    deals = load_rows(env, &shape, g->deals, g->n_deals);
  }
  if( deals ) history = load_rows(env, &history_shape, g->history, g->n_history);
  if( history && at_forecast(env, &forecast, deals, history, &stages, &options, what) ) write_deals(&forecast, out);
  at_forecast_free(env->alloc, &forecast);
  if( deals ) at_store_release(deals);
  if( history ) at_store_release(history);
  at_stages_free(env->alloc, &stages);
  at_options_free(env->alloc, &options);
}

static void fuzz(const uint8_t *data, size_t size){
  static const char *const options[] = {"exits=lost", "exclude=other", "period=week", "order=strict", "window=3 days", "recycle=1 day",
      "boomerang=on", "passes=first", "as_of=2024-01-20", "confidence=0.5", "exclude_drop=B", "threads=1", "cache_mb=9"};
  static Given g;
  Input in = {data, size};
  Bytes out[2];
  Fuzz f;
  AtEnv env;
  Random r;
  uint32_t how;
  int what;
  memset(out, 0, sizeof out);
  fuzz_open(&f, &in);
  how = take_byte(&in);
  what = how & 1 ? AT_FORECAST_DEALS : AT_FORECAST_PERIODS;
  g.n_tags = (int)(how>>1 & 1);
  g.stages = any_stages(&in);
  any_options(&in, options, COUNT(options), g.options, sizeof g.options);
  g.n_deals = any_events(&in, g.deals, 20);
  g.n_history = any_events(&in, g.history, MOST_ROWS);
  keep_near(g.deals, g.n_deals);
  keep_near(g.history, g.n_history);
  answer(&f.env, &g, what, &out[0]);
  r.state = how;
  shuffle_rows(&r, g.deals, g.n_deals);
  shuffle_rows(&r, g.history, g.n_history);
  env = threads_env(how>>2 & 7 ? 1 : 2);
  answer(&env, &g, what, &out[1]);
  if( f.env.error.code!=AT_NOMEM ){
    CHECK(f.env.error.code==env.error.code);
    if( !env.error.code ) CHECK(same_bytes(&out[0], &out[1]));
  }
  free(out[0].bytes);
  free(out[1].bytes);
  fuzz_close(&f);
}

/*
** fuzz_audit.c: audits of rows of any kind. Every row is used, skipped or refused; the loader refuses a relation
** if and only if the audit refuses a row of it; findings do not depend on the order of rows.
*/
#include "rows.h"
#include "../core/audit_common.h"

typedef struct Given Given;
struct Given {
  Row rows[2][MOST_ROWS];
  size_t n[2];
  AtShape shape[2];
  const char *stages;               /* NULL: touches and conversions */
  char options[200];
  int unique;                       /* ids: which of equal rows comes first cannot matter */
};

/* Any cell at all, for the columns where the loader is particular. */
static AtCell odd_cell(Input *in, AtCell usual){
  static const char *const texts[] = {"20240101", "2024-02-30", "x", " ", "1e999", "9007199254740993", "-5", "2024-01-01"};
  static char longest[65600];
  uint32_t byte = take_byte(in);
  if( byte<180 ) return usual;
  if( byte<220 ) return cell_text(texts[byte%COUNT(texts)]);
  if( byte==220 ){
    memset(longest, 'x', sizeof longest);
    return cell_bytes(AT_TEXT, longest, sizeof longest);
  }
  if( byte<230 ) return cell_bytes(AT_BLOB, "\0x", 2);
  if( byte<240 ) return cell_real(take_double(in));
  return byte<250 ? cell_integer((int64_t)take_bits(in)) : cell_null();
}

static void any_rows(Input *in, Given *g, int which){
  const AtShape *shape = &g->shape[which];
  size_t i;
  int k;
  g->n[which] = take_byte(in)%(which ? 40 : 80);
  for(i=0; i<g->n[which]; i++){
    Row *row = &g->rows[which][i];
    *row = row_of(odd_cell(in, any_key(in)), odd_cell(in, any_time(in, 2)), "");
    row->label = odd_cell(in, cell_text(stage_names[take_below(in, COUNT(stage_names))]));
    row->number = odd_cell(in, any_amount(in));
    for(k=0; k<2; k++) row->tag[k] = odd_cell(in, cell_text(k ? "x" : ""));
    for(k=0; k<shape->n_milestones; k++) row->milestone[k] = odd_cell(in, any_time(in, 2));
    row->id = g->unique ? cell_integer((int64_t)i+1) : any_id(in, i, 0);
  }
}

static void write_findings(const AtFindings *f, Bytes *out){
  AtFindingRow row;
  memset(&row, 0, sizeof row);
  while( at_findings_next(f, &row) ){
    const AtFindingInfo *info = at_finding_info(row.kind);
    CHECK(info && info->name && info->severity>=AT_ERROR && info->severity<=AT_NOTE);
    CHECK(row.n_detail==0 || row.detail!=NULL);
    write_number(out, (uint64_t)row.relation<<32 | (uint64_t)row.kind);
    write_number(out, row.rows);
    write_cell(out, &row.id);
    write_bytes(out, row.detail, row.n_detail);
    write_bytes(out, row.more, strlen(row.more));
  }
}

/* What the loader says of the same rows. */
static void check_refusals(const Given *g, int which, const AtAudited *x){
  AtEnv env = threads_env(1);
  AtStore *store = load_rows(&env, &g->shape[which], g->rows[which], g->n[which]);
  CHECK((store!=NULL)==(x->refused==0));
  CHECK(x->rows==g->n[which] && x->store!=NULL && x->rows==x->store->n+x->skipped+x->refused);
  if( store ){
    CHECK(store->n==x->store->n && store->skipped_entity+store->skipped_time==x->skipped);
    at_store_release(store);
  }
}

static void answer(AtEnv *env, const Given *g, Bytes *out){
  AtOptions options;
  AtStages stages;
  AtFindings findings;
  AtAudited audited[2];
  int k, n = g->stages ? 1 : 2, ok;
  memset(&stages, 0, sizeof stages);
  memset(audited, 0, sizeof audited);
  memset(&findings, 0, sizeof findings);
  at_options_parse(env, &options, g->options, strlen(g->options), g->stages ? AT_FOR_FUNNEL_AUDIT : AT_FOR_AUDIT);
  at_findings_open(&findings, options.most);
  ok = !env->error.code && (g->stages==NULL || (parse_stages(env, &stages, g->stages) && at_funnel_check(env, &stages, &options)));
  for(k=0; k<n && ok; k++){
    ok = at_audited_open(env, &audited[k], &findings, k, &g->shape[k], &options, NULL);
    if( ok ) feed(env, &audited[k], g->rows[k], g->n[k]);
  }
  for(k=0; k<n && ok && !env->error.code; k++) ok = at_audited_finish(env, &audited[k]);
  if( ok && !env->error.code ){
    ok = g->stages ? at_audit_stages(env, &audited[0], &stages) : at_audit_journeys(env, &audited[0], &audited[1]);
    if( ok && at_findings_sort(env, &findings) ){
      write_findings(&findings, out);
      for(k=0; k<n; k++) check_refusals(g, k, &audited[k]);
    }
  }
  for(k=0; k<n; k++) at_audited_close(env->alloc, &audited[k]);
  at_findings_close(env->alloc, &findings);
  at_stages_free(env->alloc, &stages);
  at_options_free(env->alloc, &options);
}

static void fuzz(const uint8_t *data, size_t size){
  static const char *const of_touches[] = {"lookback=2 days", "gap=1 day", "reset=conversion", "as_of=2024-01-10", "most=1"};
  static const char *const of_stages[] = {"exits=lost", "exclude=other", "recycle=1 day", "order=strict", "as_of=2024-01-10", "most=2", "window=2 days", "passes=first"};
  static Given g;
  Input in = {data, size};
  Bytes out[2];
  Fuzz f;
  AtEnv env = threads_env(1);
  Random r;
  uint32_t how;
  int k;
  memset(out, 0, sizeof out);
  fuzz_open(&f, &in);
  how = take_byte(&in);
  r.state = how;
  g.unique = (int)(how>>1 & 1);
  g.stages = how & 1 ? any_stages(&in) : NULL;
  if( g.stages ){
    any_options(&in, of_stages, COUNT(of_stages), g.options, sizeof g.options);
    g.shape[0] = event_shape((int)(how>>2)%3);
  }else{
    any_options(&in, of_touches, COUNT(of_touches), g.options, sizeof g.options);
    g.shape[0] = shape_of(1, (int)(how>>2 & 1), 0, 1);
    g.shape[1] = shape_of(0, (int)(how>>3 & 1), (int)(how>>4)%3, (int)(how>>6 & 1));
  }
  for(k=0; k<(g.stages ? 1 : 2); k++) any_rows(&in, &g, k);
  answer(&f.env, &g, &out[0]);
  for(k=0; k<(g.stages ? 1 : 2); k++) shuffle_rows(&r, g.rows[k], g.n[k]);
  answer(&env, &g, &out[1]);
  if( f.env.error.code!=AT_NOMEM ){
    CHECK(f.env.error.code==env.error.code);
    if( !env.error.code && g.unique ) CHECK(out[0].n==0 || out[1].n>0);
    if( !env.error.code && g.unique && g.shape[0].has_id && (g.stages || g.shape[1].has_id) ) CHECK(same_bytes(&out[0], &out[1]));
  }
  free(out[0].bytes);
  free(out[1].bytes);
  fuzz_close(&f);
}

/*
** audit_common.h: what the tests of the audits share, beside common.h and funnel_common.h.
**
**   feed       raw rows through at_audited_row()
**   show       'finding:id finding:id …', a summary's text in brackets
*/
#ifndef ATTRIBUTION_TESTS_AUDIT_COMMON_H
#define ATTRIBUTION_TESTS_AUDIT_COMMON_H

#include "funnel_common.h"
#include "../../ext/core/audit.h"

static inline void feed(AtEnv *env, AtAudited *x, const Row *rows, size_t n){
  size_t i;
  for(i=0; i<n && !env->error.code; i++){
    AtCell cells[9];
    int k = 0, m;
    cells[k++] = rows[i].entity;
    cells[k++] = rows[i].time;
    if( x->shape->has_label ) cells[k++] = rows[i].label;
    for(m=0; m<x->shape->n_tags; m++) cells[k++] = rows[i].tag[m];
    if( x->shape->has_number ) cells[k++] = rows[i].number;
    for(m=0; m<x->shape->n_milestones; m++) cells[k++] = rows[i].milestone[m];
    if( x->shape->has_id ) cells[k++] = rows[i].id;
    at_audited_row(x, env, cells);
  }
}

static inline void show(const AtFindings *f, char *out, size_t room){
  AtFindingRow row;
  size_t n = 0;
  memset(&row, 0, sizeof row);
  out[0] = 0;
  while( at_findings_next(f, &row) && n<room ){
    const char *name = at_finding_info(row.kind)->name;
    if( row.kind==AT_SUMMARY ) n += (size_t)snprintf(out+n, room-n, "%s[%.*s]", n ? " " : "", (int)row.n_detail, row.detail);
    else if( row.id.type==AT_NULL ) n += (size_t)snprintf(out+n, room-n, "%s%s", n ? " " : "", name);
    else n += (size_t)snprintf(out+n, room-n, "%s%s:%s", n ? " " : "", name, at_cell_quote(&row.id).text);
  }
}

/* The detail of the first finding of a kind; it must be there, and hold the words "a|b". */
static inline void assert_detail(const AtFindings *f, int kind, const char *words){
  AtFindingRow row;
  AtEnv said;
  memset(&row, 0, sizeof row);
  while( at_findings_next(f, &row) ){
    if( row.kind!=kind ) continue;
    said.error.code = AT_INVALID;
    snprintf(said.error.text, sizeof said.error.text, "%.*s", (int)row.n_detail, row.detail);
    assert_error(&said, AT_INVALID, words);
    return;
  }
  fail_msg("no finding %s", at_finding_info(kind)->name);
}

#endif

/*
** group.c: the result of dividing one path, by label and by row, for the
** aggregates that see a single path and no relations.
*/
#include "core.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static void add_share(AtEnv *env, AtText *json, const char *label, size_t n, double share){
  char number[32];
  at_text_add(env, json, json->n>1 ? "," : "", json->n>1);
  at_text_json(env, json, label, n);
  at_text_add(env, json, ":", 1);
  at_text_add(env, json, number, (size_t)at_number_format(share, number));
}

/* {"label":share,…} in the order of the labels' first touches. credited 0: the
** whole is (unattributed). path->part[] and path->scratch[] are used. */
void at_credit_json(AtEnv *env, AtPath *path, const AtStore *store, int credited, AtText *json){
  uint32_t i, n = 0, mark;
  at_text_add(env, json, "{", 1);
  if( !credited ) add_share(env, json, "(unattributed)", 14, 1);
  if( !at_alive(env, path->n) ) return;
  mark = at_path_mark(path);
  for(i=0; credited && i<path->n; i++){
    uint32_t label = path->label[i];
    if( path->seen[label]!=mark ){
      path->seen[label] = mark;
      path->count[label] = n;
      path->scratch[n] = label;
      path->part[n++] = 0;
    }
    path->part[path->count[label]] += path->credit[i];
  }
  for(i=0; i<n; i++){
    AtCell label = at_store_label_text(store, path->scratch[i]);
    path->count[path->scratch[i]] = 0;
    if( path->part[i]!=0 ) add_share(env, json, label.text, label.n, path->part[i]);
  }
  at_text_add(env, json, "}", 1);
}

/* share[] by row, where a row's id is its number: NaN for rows that the store
** skipped, 0 for rows outside the path. Touches at one time share equally what
** their positions earn; points are each row's own. */
void at_credit_by_row(AtEnv *env, const AtPath *path, const AtStore *store, const AtModel *model, int credited,
                      double *share, uint32_t n_rows){
  uint32_t i, j, k;
  for(i=0; i<n_rows; i++) share[i] = NAN;
  for(i=0; i<store->n && at_alive(env, 1); i++) share[at_store_id(store, i).integer] = 0;
  for(i=0; credited && i<path->n && at_alive(env, 4); i=j){
    AtSum sum = {0, 0};
    for(j=i; j<path->n && path->time[j]==path->time[i]; j++) at_sum_add(&sum, path->credit[j]);
    for(k=i; k<j; k++){
      double own = model->kind==AT_POINTS ? path->credit[k] : at_sum_total(&sum)/(j-i);
      share[at_store_id(store, path->row[k]).integer] = own;
    }
  }
}

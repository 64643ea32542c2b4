/*
** findings.c: what an audit has found, in an order that no row's place in a table decides.
**
** Of each kind and relation the first `most` findings are kept, by row id and then by text, and all
** are counted: a list that has grown to twice as many is sorted and cut. What lies beyond the last one
** kept is only counted from then on, so a fault in every row costs little.
*/
#include "audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const AtFindingInfo table[AT_FINDINGS] = {
  [AT_UNREADABLE_TIME] = {"unreadable_time", AT_ERROR},
  [AT_EIGHT_DIGIT_TIME] = {"eight_digit_time", AT_ERROR},
  [AT_WRONG_TIME_UNIT] = {"wrong_time_unit", AT_ERROR},
  [AT_UNREADABLE_KEY] = {"unreadable_key", AT_ERROR},
  [AT_UNREADABLE_LABEL] = {"unreadable_label", AT_ERROR},
  [AT_UNREADABLE_VALUE] = {"unreadable_value", AT_ERROR},
  [AT_UNREADABLE_POINTS] = {"unreadable_points", AT_ERROR},
  [AT_UNREADABLE_MILESTONE] = {"unreadable_milestone", AT_ERROR},
  [AT_UNREADABLE_ID] = {"unreadable_id", AT_ERROR},
  [AT_KEYS_OF_TWO_CLASSES] = {"keys_of_two_classes", AT_ERROR},
  [AT_MISSING_ENTITY] = {"missing_entity", AT_WARNING},
  [AT_MISSING_TIME] = {"missing_time", AT_WARNING},
  [AT_MISSING_LABEL] = {"missing_label", AT_WARNING},
  [AT_MISSING_VALUE] = {"missing_value", AT_WARNING},
  [AT_MISSING_ID] = {"missing_id", AT_WARNING},
  [AT_INTEGER_DATE] = {"integer_date", AT_WARNING},
  [AT_OLD_TIME] = {"old_time", AT_WARNING},
  [AT_FUTURE_TIME] = {"future_time", AT_WARNING},
  [AT_DUPLICATE] = {"duplicate", AT_WARNING},
  [AT_DUPLICATE_ID] = {"duplicate_id", AT_WARNING},
  [AT_SIMILAR_LABELS] = {"similar_labels", AT_WARNING},
  [AT_SIMILAR_KEYS] = {"similar_keys", AT_WARNING},
  [AT_NO_TOUCHES] = {"no_touches", AT_WARNING},
  [AT_ONLY_LATER_TOUCHES] = {"only_later_touches", AT_WARNING},
  [AT_TOUCHES_OUT_OF_REACH] = {"touches_out_of_reach", AT_WARNING},
  [AT_MILESTONE_AFTER_CONVERSION] = {"milestone_after_conversion", AT_WARNING},
  [AT_MILESTONES_OUT_OF_ORDER] = {"milestones_out_of_order", AT_WARNING},
  [AT_POINTS_NOT_POSITIVE] = {"points_not_positive", AT_WARNING},
  [AT_UNKNOWN_STAGE] = {"unknown_stage", AT_WARNING},
  [AT_SIMILAR_STAGE] = {"similar_stage", AT_WARNING},
  [AT_ABSENT_STAGE] = {"absent_stage", AT_WARNING},
  [AT_EARLIER_STAGE] = {"earlier_stage", AT_WARNING},
  [AT_LATE_STAGE] = {"late_stage", AT_WARNING},
  [AT_NO_PASS_OPENED] = {"no_pass_opened", AT_WARNING},
  [AT_EXIT_WITHOUT_PASS] = {"exit_without_pass", AT_WARNING},
  [AT_MISSING_POINTS] = {"missing_points", AT_NOTE},
  [AT_NEGATIVE_VALUE] = {"negative_value", AT_NOTE},
  [AT_NEGATIVE_POINTS] = {"negative_points", AT_NOTE},
  [AT_MISSING_MILESTONE] = {"missing_milestone", AT_NOTE},
  [AT_TOUCHES_AFTER_LAST] = {"touches_after_last_conversion", AT_NOTE},
  [AT_ENTITIES_WITHOUT_CONVERSION] = {"entities_without_conversion", AT_NOTE},
  [AT_REPEATED_STAGE] = {"repeated_stage", AT_NOTE},
  [AT_SKIPPED_STAGE] = {"skipped_stage", AT_NOTE},
  [AT_LATE_START] = {"late_start", AT_NOTE},
  [AT_SAME_INSTANT] = {"same_instant", AT_NOTE},
  [AT_REMOVED_PASS] = {"removed_pass", AT_NOTE},
  [AT_ENDED_BY_DEADLINE] = {"ended_by_deadline", AT_NOTE},
  [AT_STALE_PASS] = {"stale_pass", AT_NOTE},
  [AT_SUMMARY] = {"summary", AT_NOTE},
};

/* Name and severity of a kind, or NULL past the last. */
const AtFindingInfo *at_finding_info(int kind){
  return kind>=0 && kind<AT_FINDINGS ? &table[kind] : NULL;
}

void at_findings_open(AtFindings *f, uint32_t most){
  memset(f, 0, sizeof *f);
  f->most = most;
}

void at_findings_close(const AtAlloc *alloc, AtFindings *f){
  int r, k;
  for(r=0; r<AT_AUDITED; r++){
    for(k=0; k<AT_FINDINGS; k++){
      at_free(alloc, f->list[r][k].rows);
      at_text_free(alloc, &f->list[r][k].bytes);
    }
  }
  memset(f, 0, sizeof *f);
}

static AtCell id_of(const AtFoundList *list, const AtFound *found){
  return at_decode(list->bytes.text+found->id, found->n_id);
}

/* As SQLite orders ids, and 7 before 7.0. */
static int compare_ids(const AtCell *a, const AtCell *b){
  int order = at_cell_compare(a, b);
  return order ? order : a->type-b->type;
}

static int compare(const void *given, uint32_t a, uint32_t b){
  const AtFoundList *list = given;
  const AtFound *x = &list->rows[a], *y = &list->rows[b];
  AtCell id = id_of(list, x), other = id_of(list, y);
  uint32_t n = x->n_detail<y->n_detail ? x->n_detail : y->n_detail;
  int order = compare_ids(&id, &other);
  if( order==0 ) order = memcmp(list->bytes.text+x->detail, list->bytes.text+y->detail, n);
  return order ? order : x->n_detail<y->n_detail ? -1 : x->n_detail>y->n_detail;
}

/* Sorts a list and cuts it to the rows that are kept. */
static int cut(AtEnv *env, AtFoundList *list, uint32_t most){
  uint32_t *order = at_sorted(env, list->n, compare, list), i, n = list->n<most ? list->n : most;
  AtFound *rows = order ? at_alloc(env, n, sizeof *rows) : NULL;
  AtText bytes = {0};
  for(i=0; rows && i<n; i++){
    AtFound found = list->rows[order[i]];
    size_t at = bytes.n;
    at_text_add(env, &bytes, list->bytes.text+found.id, found.n_id);
    at_text_add(env, &bytes, list->bytes.text+found.detail, found.n_detail);
    found.id = at;
    found.detail = at+found.n_id;
    rows[i] = found;
  }
  at_free(env->alloc, order);
  if( env->error.code ){
    at_free(env->alloc, rows);
    at_text_free(env->alloc, &bytes);
    return 0;
  }
  at_free(env->alloc, list->rows);
  at_text_free(env->alloc, &list->bytes);
  list->rows = rows;
  list->bytes = bytes;
  list->n = list->capacity = list->n_sorted = n;
  return 1;
}

static int append(AtEnv *env, AtFoundList *list, const AtCell *id, uint64_t rows, const char *detail, size_t n){
  char number[9], tag = (char)id->type;
  const char *bytes;
  size_t n_id = at_encode(id, number, &bytes);
  AtFound found;
  if( list->n>=list->capacity ){
    uint32_t capacity = list->capacity ? list->capacity*2 : 8;
    if( !at_grow(env, &list->rows, capacity, sizeof *list->rows) ) return 0;
    list->capacity = capacity;
  }
  found.id = list->bytes.n;
  found.n_id = (uint32_t)n_id+1;
  found.detail = found.id+found.n_id;
  found.n_detail = (uint32_t)n;
  found.rows = rows;
  at_text_add(env, &list->bytes, &tag, 1);
  at_text_add(env, &list->bytes, bytes, n_id);
  at_text_add(env, &list->bytes, detail, n);
  if( env->error.code ) return 0;
  list->rows[list->n++] = found;
  return 1;
}

/* The relation as a whole, so many rows of it. */
AtPlace at_place_of_rows(uint64_t rows){
  AtPlace place;
  memset(&place.id, 0, sizeof place.id);
  place.about[0] = 0;
  place.rows = rows;
  return place;
}

/* Adds a finding of a row, of several (at_place_of_rows()), or (place NULL) of none. The format knows integers and strings
** only, as at_fail()'s. */
int at_found(AtEnv *env, AtFindings *f, int relation, int kind, const AtPlace *place, const char *format, ...){
  static const AtCell none;
  AtFoundList *list = &f->list[relation][kind];
  const AtCell *id = place ? &place->id : &none;
  char detail[1024];
  va_list arguments;
  size_t n;
  if( env->error.code ) return 0;
  list->total++;
  list->rows_found += place ? place->rows : 0;
  if( list->n_sorted && list->n_sorted==f->most ){
    AtCell last = id_of(list, &list->rows[f->most-1]);
    if( compare_ids(id, &last)>0 ) return 1;
  }
  va_start(arguments, format);
  vsnprintf(detail, sizeof detail - sizeof place->about, format, arguments);
  va_end(arguments);
  if( place ) strcat(detail, place->about);
  at_make_readable(detail);
  n = strlen(detail);
  if( !append(env, list, id, place ? place->rows : 0, detail, n) ) return 0;
  return list->n<(uint64_t)f->most*2 || cut(env, list, f->most);
}

/* To be called once, before the rows are read. */
int at_findings_sort(AtEnv *env, AtFindings *f){
  int r, k;
  for(r=0; r<AT_AUDITED; r++){
    for(k=0; k<AT_FINDINGS; k++) if( f->list[r][k].n && !cut(env, &f->list[r][k], f->most) ) return 0;
  }
  return !env->error.code;
}

/* The next row: by relation, severity, kind, id, text; after the last one kept, how many more there were. */
int at_findings_next(const AtFindings *f, AtFindingRow *row){
  while( row->relation<AT_AUDITED ){
    const AtFoundList *list = &f->list[row->relation][row->kind];
    uint32_t i = row->next++;
    if( i<list->n ){
      row->id = id_of(list, &list->rows[i]);
      row->detail = list->bytes.text+list->rows[i].detail;
      row->n_detail = list->rows[i].n_detail;
      row->rows = list->rows[i].rows;
      row->listed += row->rows;
      return 1;
    }
    if( i==list->n && list->total>list->n ){
      memset(&row->id, 0, sizeof row->id);
      row->n_detail = (size_t)snprintf(row->more, sizeof row->more, "... and %llu more", (unsigned long long)(list->total-list->n));
      row->detail = row->more;
      row->rows = list->rows_found-row->listed;
      return 1;
    }
    row->next = 0;
    row->listed = 0;
    if( ++row->kind<AT_FINDINGS ) continue;
    row->kind = 0;
    row->relation++;
  }
  return 0;
}

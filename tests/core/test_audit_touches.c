/*
** test_audit_touches.c: touches and conversions with one fault after another, by hand; that whatever the loader
** refuses is found and nothing else; conversions without touches counted from all rows.
*/
#include "audit_common.h"

#define FIRST 1700000000             /* 2023-11-14 22:13:20 */

typedef struct Case Case;
struct Case { AtOptions options; AtShape shapes[2]; AtFindings findings; AtAudited audited[2]; };

static int audit(AtEnv *env, Case *x, const char *options, const Row *touches, size_t n_t, const Row *deals, size_t n_c){
  int i;
  memset(x, 0, sizeof *x);
  x->shapes[0] = shape_of(1, 1, 0, 1);
  x->shapes[1] = shape_of(0, 1, 2, 1);
  at_options_parse(env, &x->options, options, strlen(options), AT_FOR_AUDIT);
  at_findings_open(&x->findings, x->options.most);
  for(i=0; i<2; i++) x->shapes[i].unit = x->options.unit;
  if( env->error.code || !at_audited_open(env, &x->audited[0], &x->findings, 0, &x->shapes[0], &x->options, x->options.touch_id)
   || !at_audited_open(env, &x->audited[1], &x->findings, 1, &x->shapes[1], &x->options, x->options.conversion_id) ) return 0;
  feed(env, &x->audited[0], touches, n_t);
  feed(env, &x->audited[1], deals, n_c);
  return at_audited_finish(env, &x->audited[0]) && at_audited_finish(env, &x->audited[1])
      && at_audit_journeys(env, &x->audited[0], &x->audited[1]) && at_findings_sort(env, &x->findings);
}

static void close_case(AtEnv *env, Case *x){
  at_audited_close(env->alloc, &x->audited[0]);
  at_audited_close(env->alloc, &x->audited[1]);
  at_findings_close(env->alloc, &x->findings);
  at_options_free(env->alloc, &x->options);
}

/* A touch and a conversion of entity 1 that nobody can find fault with. */
static Row good_touch(void){
  Row row = row_of(cell_integer(1), cell_integer(FIRST), "ads");
  row.number = cell_integer(5);
  row.id = cell_integer(1);
  return row;
}

static Row good_deal(void){
  Row row = row_of(cell_integer(1), cell_integer(FIRST+100), "");
  row.number = cell_integer(50);
  row.milestone[0] = cell_integer(FIRST+10);
  row.milestone[1] = cell_integer(FIRST+20);
  row.id = cell_integer(1);
  return row;
}

static void check(Heap *heap, const char *options, const Row *touches, size_t n_t, const Row *deals, size_t n_c,
                  const char *wanted, int kind, const char *words){
  AtEnv env = heap_env(heap);
  char shown[2000];
  Case x;
  assert_true(audit(&env, &x, options, touches, n_t, deals, n_c));
  assert_ok(&env);
  show(&x.findings, shown, sizeof shown);
  if( strcmp(shown, wanted)!=0 ) fail_msg("%s\n      not %s", shown, wanted);
  if( words ) assert_detail(&x.findings, kind, words);
  close_case(&env, &x);
}

#define FINE "[rows 1, used 1, skipped 0, refused 0] [rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]"

/* Conversions without a value, rows of a view without ids: nothing is said of either. */
static void test_without_values_and_ids(void **state){
  Row touch = good_touch(), deals[2];
  int has_id;
  deals[0] = deals[1] = good_deal();
  for(has_id=0; has_id<2; has_id++){
    AtEnv env = heap_env(*state);
    char shown[600];
    AtFindings findings;
    AtAudited audited[2];
    AtShape shapes[2];
    AtOptions options;
    shapes[0] = shape_of(1, 0, 0, has_id);
    shapes[1] = shape_of(0, 0, 0, has_id);
    at_options_parse(&env, &options, "", 0, AT_FOR_AUDIT);
    at_findings_open(&findings, options.most);
    assert_true(at_audited_open(&env, &audited[0], &findings, 0, &shapes[0], &options, NULL));
    assert_true(at_audited_open(&env, &audited[1], &findings, 1, &shapes[1], &options, NULL));
    feed(&env, &audited[0], &touch, 1);
    feed(&env, &audited[1], deals, 2);
    assert_true(at_audited_finish(&env, &audited[0]) && at_audited_finish(&env, &audited[1]));
    assert_true(at_audit_journeys(&env, &audited[0], &audited[1]) && at_findings_sort(&env, &findings));
    show(&findings, shown, sizeof shown);
    assert_string_equal(shown, has_id ? "[rows 1, used 1, skipped 0, refused 0] duplicate:1 [rows 2, used 2, skipped 0, refused 0, unattributed 0]"
                                      : "[rows 1, used 1, skipped 0, refused 0] duplicate [rows 2, used 2, skipped 0, refused 0, unattributed 0]");
    assert_detail(&findings, AT_DUPLICATE, "account_id and closed_at");
    at_audited_close(env.alloc, &audited[0]);
    at_audited_close(env.alloc, &audited[1]);
    at_findings_close(env.alloc, &findings);
    at_options_free(env.alloc, &options);
  }
}

static void test_nothing_to_find(void **state){
  Row touch = good_touch(), deal = good_deal();
  check(*state, "", &touch, 1, &deal, 1, FINE, 0, NULL);
  check(*state, "", NULL, 0, NULL, 0, "[rows 0, used 0, skipped 0, refused 0] [rows 0, used 0, skipped 0, refused 0, unattributed 0, value 0.0, unattributed value 0.0]", 0, NULL);
  check(*state, "as_of=1800000000; touch_id=a; conversion_id=b", &touch, 1, &deal, 1, "[rows 1, used 1, skipped 0, refused 0, later than as_of 0] "
        "[rows 1, used 1, skipped 0, refused 0, later than as_of 0, unattributed 0, value 50.0, unattributed value 0.0]", 0, NULL);
}

/* One more touch with one fault; what is found, beside the summaries, and words of its first finding. */
static void test_faulty_touches(void **state){
  static char key[65537];
  const Row good = good_touch(), deal = good_deal();
  struct { Row row; const char *options, *found; int kind; const char *words; } faults[40];
  char wanted[400];
  size_t n = 0, i;
  memset(key, 'k', 65536);
#define FAULT(CHANGE, OPTIONS, FOUND, KIND, WORDS) do{ \
    Row row = good; \
    row.id = cell_integer(2); \
    row.time = cell_integer(FIRST+1); \
    CHANGE; \
    faults[n].row = row; faults[n].options = OPTIONS; faults[n].found = FOUND; faults[n].kind = KIND; faults[n++].words = WORDS; \
  }while(0)
  FAULT(row.entity = cell_null(), "", "missing_entity:2", AT_MISSING_ENTITY, "account_id is NULL; the row is skipped|(account_id NULL, touched_at 1700000001)");
  FAULT(row.entity = cell_text(""), "", "missing_entity:2", AT_MISSING_ENTITY, "account_id is ''");
  FAULT(row.time = cell_null(), "", "missing_time:2", AT_MISSING_TIME, "touched_at is NULL");
  FAULT(row.time = cell_text("  "), "", "missing_time:2", AT_MISSING_TIME, "touched_at is ''");
  FAULT(row.entity = cell_null(); row.time = cell_text("soon"), "", "missing_entity:2", AT_MISSING_ENTITY, "'soon'");
  FAULT(row.time = cell_text("soon"), "", "unreadable_time:2", AT_UNREADABLE_TIME, "touched_at is no time (got 'soon'); write YYYY-MM-DD|(account_id 1, touched_at 'soon')");
  FAULT(row.time = cell_text("2024-02-30"), "", "unreadable_time:2", AT_UNREADABLE_TIME, "'2024-02-30'");
  FAULT(row.time = cell_bytes(AT_BLOB, "x", 1), "", "unreadable_time:2", AT_UNREADABLE_TIME, "a BLOB");
  FAULT(row.time = cell_text(" 20240131 "), "", "eight_digit_time:2", AT_EIGHT_DIGIT_TIME, "dashes");
  FAULT(row.time = cell_integer(INT64_C(1700000001000)), "", "wrong_time_unit:2", AT_WRONG_TIME_UNIT, "unit s (got 1700000001000); write the option time_unit=ms");
  FAULT(row.time = cell_text("1700000001000000"), "", "wrong_time_unit:2", AT_WRONG_TIME_UNIT, "time_unit=us");
  FAULT(row.time = cell_integer(INT64_C(4102444800)*1000), "", "unreadable_time:2", AT_UNREADABLE_TIME, "time_unit=ms");
  FAULT(row.entity = cell_bytes(AT_TEXT, key, 65536), "", "unreadable_key:2", AT_UNREADABLE_KEY, "65,535 bytes");
  FAULT(row.label = cell_bytes(AT_BLOB, "x", 1), "", "unreadable_label:2", AT_UNREADABLE_LABEL, "channel is no text|cast the column");
  FAULT(row.label = cell_bytes(AT_TEXT, key, 65536), "", "unreadable_label:2", AT_UNREADABLE_LABEL, "channel is longer");
  FAULT(row.label = cell_null(), "", "missing_label:2", AT_MISSING_LABEL, "channel is NULL and counts as (none)");
  FAULT(row.number = cell_text("many"), "", "unreadable_points:2", AT_UNREADABLE_POINTS, "points is no number (got 'many')");
  FAULT(row.number = cell_real(1e291), "", "unreadable_points:2", AT_UNREADABLE_POINTS, "1e290");
  FAULT(row.number = cell_integer((INT64_C(1)<<53)+1), "", "unreadable_points:2", AT_UNREADABLE_POINTS, "2^53");
  FAULT(row.number = cell_null(), "", "missing_points:2", AT_MISSING_POINTS, "points is NULL and counts 0");
  FAULT(row.number = cell_integer(-1), "", "negative_points:2", AT_NEGATIVE_POINTS, "points is negative (got -1)");
  FAULT(row.id = cell_bytes(AT_BLOB, "x", 1), "touch_id=crm_id", "unreadable_id", AT_UNREADABLE_ID, "crm_id is no integer or text|(account_id 1,");
  FAULT(row.id = cell_null(), "touch_id=crm_id", "missing_id", AT_MISSING_ID, "crm_id is NULL");
  FAULT(row.id = cell_integer(1), "touch_id=crm_id", "duplicate_id:1", AT_DUPLICATE_ID, "crm_id is that of another row");
  FAULT(row.time = good.time, "", "duplicate:2", AT_DUPLICATE, "row 1 has the same account_id, touched_at and channel");
  FAULT(row.label = cell_text(" ADS"), "", "similar_labels", AT_SIMILAR_LABELS, "' ADS' (1 row), 'ads' (1 row)|one spelling");
  FAULT(row.time = cell_integer(631151999), "", "old_time:2", AT_OLD_TIME, "earlier than 1990");
  FAULT(row.time = cell_integer(1700000), "", "old_time:2", AT_OLD_TIME, "touched_at is earlier than 1990 (account_id");
  FAULT(row.time = cell_integer(20240131), "", "integer_date:2", AT_INTEGER_DATE, "looks like a date");
  FAULT(row.time = cell_text("2100-01-01"), "", "future_time:2 touches_after_last_conversion", AT_FUTURE_TIME, "not before 2100");
  FAULT(row.time = cell_text("2099-12-31"), "", "touches_after_last_conversion", AT_TOUCHES_AFTER_LAST, "touches 1, entities 1: later");
  FAULT(row.time = cell_integer(FIRST+101), "", "touches_after_last_conversion", AT_TOUCHES_AFTER_LAST, "touches 1, entities 1: later");
  FAULT(row.entity = cell_integer(2), "", "entities_without_conversion", AT_ENTITIES_WITHOUT_CONVERSION, "touches 1, entities 1: no conversion");
  FAULT(row.entity = cell_text(" 1"), "", "similar_keys:2 entities_without_conversion", AT_SIMILAR_KEYS, "no key of conversions is ' 1', but the number 1 is nearly");
  FAULT(row.entity = cell_bytes(AT_BLOB, "1", 1), "", "similar_keys:2 entities_without_conversion", AT_SIMILAR_KEYS, "no key of conversions is a BLOB, but the number 1 is nearly");
  FAULT(row.time = cell_integer(FIRST+200), "as_of=1700000150", "future_time:2", AT_FUTURE_TIME, "later than as_of");
#undef FAULT
  for(i=0; i<n; i++){
    Row rows[2];
    int has_as_of = strncmp(faults[i].options, "as_of", 5)==0, error = at_finding_info(faults[i].kind)->severity==AT_ERROR;
    int skipped = faults[i].kind==AT_MISSING_ENTITY || faults[i].kind==AT_MISSING_TIME;
    rows[0] = faults[i].row;
    rows[1] = good;
    snprintf(wanted, sizeof wanted, "%s [rows 2, used %d, skipped %d, refused %d%s] [rows 1, used 1, skipped 0, refused 0%s, unattributed 0, value 50.0, unattributed value 0.0]",
             faults[i].found, 2-error-skipped-has_as_of, skipped, error, has_as_of ? ", later than as_of 1" : "", has_as_of ? ", later than as_of 0" : "");
    check(*state, faults[i].options, rows, 2, &deal, 1, wanted, faults[i].kind, faults[i].words);
  }
}

/* The same of conversions, which are two; the touch is that of entity 1. */
static void test_faulty_conversions(void **state){
  const Row touch = good_touch(), good = good_deal();
  struct { Row row; const char *options, *found; int kind; const char *words; } faults[40];
  char shown[2000];
  size_t n = 0, i;
#define FAULT(CHANGE, OPTIONS, FOUND, KIND, WORDS) do{ \
    Row row = good; \
    row.id = cell_integer(2); \
    row.time = cell_integer(FIRST+101); \
    CHANGE; \
    faults[n].row = row; faults[n].options = OPTIONS; faults[n].found = FOUND; faults[n].kind = KIND; faults[n++].words = WORDS; \
  }while(0)
  FAULT(row.number = cell_text("1,000"), "", "unreadable_value:2", AT_UNREADABLE_VALUE, "amount is no number (got '1,000')|cast");
  FAULT(row.number = cell_text(""), "", "missing_value:2", AT_MISSING_VALUE, "amount is '' and counts 0");
  FAULT(row.number = cell_real(-0.5), "", "negative_value:2", AT_NEGATIVE_VALUE, "-0.5");
  FAULT(row.milestone[1] = cell_text("20240131"), "", "unreadable_milestone:2", AT_UNREADABLE_MILESTONE, "opportunity_at is no time|dashes");
  FAULT(row.milestone[1] = cell_null(), "", "missing_milestone:2", AT_MISSING_MILESTONE, "opportunity_at is missing, other rows have it");
  FAULT(row.milestone[1] = cell_integer(FIRST+102), "", "milestone_after_conversion:2", AT_MILESTONE_AFTER_CONVERSION, "opportunity_at is later");
  FAULT(row.milestone[0] = cell_integer(FIRST+21), "", "milestones_out_of_order:2", AT_MILESTONES_OUT_OF_ORDER, "opportunity_at is earlier than lead_at");
  FAULT(row.milestone[0] = cell_integer(FIRST+200), "", "milestone_after_conversion:2 milestones_out_of_order:2", AT_MILESTONES_OUT_OF_ORDER, "earlier than lead_at");
  FAULT(row.time = good.time, "", "duplicate:2", AT_DUPLICATE, "row 1 has the same account_id, closed_at and amount");
  FAULT(row.time = good.time; row.number = cell_integer(51), "", "", 0, NULL);
  FAULT(row.id = cell_integer(1), "conversion_id=deal", "duplicate_id:1", AT_DUPLICATE_ID, "deal is that of another row");
  FAULT(row.entity = cell_integer(2), "", "no_touches:2", AT_NO_TOUCHES, "no touch has this account_id");
  FAULT(row.entity = cell_text("1.0"), "", "similar_keys:2 no_touches:2", AT_SIMILAR_KEYS, "no key of touches is '1.0', but the number 1");
  FAULT(row.time = cell_integer(FIRST-1); row.milestone[0] = row.milestone[1] = cell_integer(FIRST-1), "", "only_later_touches:2", AT_ONLY_LATER_TOUCHES, "come later");
  FAULT(row.time = cell_integer(FIRST+500), "lookback=200", "touches_out_of_reach:2", AT_TOUCHES_OUT_OF_REACH, "lookback, gap or reset");
  FAULT(, "reset=conversion", "touches_out_of_reach:2", AT_TOUCHES_OUT_OF_REACH, "reset");
#undef FAULT
  for(i=0; i<n; i++){
    AtEnv env = heap_env(*state);
    Row rows[2];
    Case x;
    rows[0] = faults[i].row;
    rows[1] = good;
    assert_true(audit(&env, &x, faults[i].options, &touch, 1, rows, 2));
    show(&x.findings, shown, sizeof shown);
    if( strstr(shown, "] ")==NULL ) fail_msg("no summaries: %s", shown);
    memmove(shown, strstr(shown, "] ")+2, strlen(strstr(shown, "] ")+2)+1);   /* the touches are in order */
    *strchr(shown, '[') = 0;
    if( strncmp(shown, faults[i].found, strlen(faults[i].found))!=0 || strlen(shown)!=strlen(faults[i].found)+(faults[i].found[0]!=0) ){
      fail_msg("%d: %s, not %s", (int)i, shown, faults[i].found);
    }
    if( faults[i].words ) assert_detail(&x.findings, faults[i].kind, faults[i].words);
    close_case(&env, &x);
  }
}

static void test_more_faults(void **state){
  Row touches[30], deals[2];
  int i;
  touches[0] = good_touch();
  deals[0] = deals[1] = good_deal();
  deals[1].id = cell_integer(2);
  deals[0].milestone[1] = deals[1].milestone[1] = cell_null();
  check(*state, "", touches, 1, deals, 1, "[rows 1, used 1, skipped 0, refused 0] missing_milestone "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_MISSING_MILESTONE, "opportunity_at is missing in all rows");
  deals[0] = good_deal();
  touches[0].number = cell_integer(0);
  check(*state, "", touches, 1, deals, 1, "[rows 1, used 1, skipped 0, refused 0] points_not_positive:1 "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_POINTS_NOT_POSITIVE, "touches 1: their points");
  touches[0] = good_touch();
  touches[0].entity = cell_text("1");              /* all text, all numbers */
  check(*state, "", touches, 1, deals, 1, "keys_of_two_classes entities_without_conversion [rows 1, used 1, skipped 0, refused 0] no_touches:1 "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 1, value 50.0, unattributed value 50.0]", AT_KEYS_OF_TWO_CLASSES,
        "account_id of touches is TEXT and account_id of conversions is numbers|CAST(account_id AS INTEGER) in touches");
  touches[0] = good_touch();                       /* numbers are in milliseconds, but read as microseconds */
  touches[0].time = cell_integer(INT64_C(1700000000000));
  deals[0].time = cell_text("2023-11-15");
  check(*state, "time_unit=us", touches, 1, deals, 1, "old_time:1 [rows 1, used 1, skipped 0, refused 0] "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_OLD_TIME, "time_unit=ms");
  for(i=0; i<30; i++){                             /* a year typed wrong, in two of thirty rows */
    touches[i] = good_touch();
    touches[i].time = cell_integer(FIRST+i+(i<2 ? 40000000 : 0));
    touches[i].id = cell_integer(i+1);
  }
  deals[0] = good_deal();
  check(*state, "", touches, 30, deals, 1, "future_time:1 future_time:2 touches_after_last_conversion [rows 30, used 30, skipped 0, refused 0] "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_FUTURE_TIME, "silence of more than a year");
  for(i=0; i<3; i++) touches[i].time = cell_integer(FIRST+i+40000000);   /* three are one in ten */
  check(*state, "", touches, 30, deals, 1, "touches_after_last_conversion [rows 30, used 30, skipped 0, refused 0] "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_TOUCHES_AFTER_LAST, "touches 3, entities 1");
  check(*state, "most=1", touches, 0, deals, 1, "[rows 0, used 0, skipped 0, refused 0] no_touches:1 "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 1, value 50.0, unattributed value 50.0]", 0, NULL);
}

/* Rows without a value are alike, but not like those with one; who is in no row that can be read is not asked of keys. */
static void test_rows_that_are_compared(void **state){
  Row touches[2], deals[3];
  int i;
  touches[0] = touches[1] = good_touch();
  touches[1].label = cell_bytes(AT_BLOB, "x", 1);
  touches[1].id = cell_integer(2);
  for(i=0; i<3; i++){
    deals[i] = good_deal();
    deals[i].id = cell_integer(i+1);
    if( i>0 ) deals[i].number = i==1 ? cell_null() : cell_text("");
  }
  check(*state, "", touches, 1, deals, 3, "[rows 1, used 1, skipped 0, refused 0] missing_value:2 missing_value:3 duplicate:3 "
        "[rows 3, used 3, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_DUPLICATE, "row 2 has the same");
  touches[0].entity = cell_text("1");              /* the key of the row that is refused is a number */
  check(*state, "", touches, 2, deals, 1, "unreadable_label:2 entities_without_conversion [rows 2, used 1, skipped 0, refused 1] similar_keys:1 no_touches:1 "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 1, value 50.0, unattributed value 50.0]", AT_SIMILAR_KEYS, "the text '1'");
}

/* More spellings than a finding names. */
static void test_many_spellings(void **state){
  static const char *const spellings[] = {"ads", "Ads", "aDs", "adS", "ADs", "AdS", "aDS"};
  Row touches[7], deal = good_deal();
  int i;
  for(i=0; i<7; i++){
    touches[i] = good_touch();
    touches[i].label = cell_text(spellings[i]);
    touches[i].id = cell_integer(i);
  }
  check(*state, "", touches, 7, &deal, 1, "similar_labels [rows 7, used 7, skipped 0, refused 0] "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_SIMILAR_LABELS, "'ADs' (1 row), 'AdS'|, and 2 more");
}

/*************************** Against the loader and all rows ******************/

static AtCell dirty_cell(Random *r){
  static const char *const texts[] = {"", " ", "1", "1.0", "x", "2023-11-14", "20231114", "1700000000000", "1e300", "2023-11-14 22:13:20.5"};
  switch( random_below(r, 6) ){
    case 0: return cell_null();
    case 1: return cell_bytes(AT_BLOB, "b", 1);
    case 2: return cell_text(texts[random_below(r, COUNT(texts))]);
    case 3: return cell_real(random_below(r, 2) ? 1e300 : 2.5);
    case 4: return cell_integer(random_below(r, 2) ? INT64_MAX : 3);
    default: return cell_integer(FIRST+random_below(r, 5));
  }
}

static Row dirty_row(Random *r, int64_t id, int is_deal){
  Row row = is_deal ? good_deal() : good_touch();
  row.entity = cell_integer(random_below(r, 3));
  row.time = cell_integer(FIRST+random_below(r, 6));
  row.id = cell_integer(id);
  if( random_below(r, 3) ) return row;
  switch( random_below(r, 6) ){
    case 0: row.entity = dirty_cell(r); break;
    case 1: row.time = dirty_cell(r); break;
    case 2: row.label = dirty_cell(r); break;
    case 3: row.number = dirty_cell(r); break;
    default: row.milestone[random_below(r, 2)] = dirty_cell(r); break;
  }
  if( row.label.type==AT_INT || row.label.type==AT_REAL ) row.label = cell_text("7");   /* as the reader hands them on */
  return row;
}

/* Whether a row alone makes a loader fail. */
static int is_refused(Heap *heap, const AtShape *shape, const Row *row){
  AtEnv env = heap_env(heap);
  AtStore *store = load_rows(&env, shape, row, 1);
  at_store_release(store);
  return env.error.code==AT_INVALID;
}

/* The number of findings of an error that name a row, and of kinds that mean (unattributed). */
static void count_found(const AtFindings *f, int relation, const Row *row, int *errors, int *unattributed){
  AtFindingRow found;
  memset(&found, 0, sizeof found);
  *errors = *unattributed = 0;
  while( at_findings_next(f, &found) ){
    if( found.relation!=relation ) continue;
    *unattributed += found.kind==AT_NO_TOUCHES || found.kind==AT_ONLY_LATER_TOUCHES || found.kind==AT_TOUCHES_OUT_OF_REACH;
    *errors += row && at_finding_info(found.kind)->severity==AT_ERROR && same_cell(&found.id, &row->id);
  }
}

static void test_against_the_loader(void **state){
  Random r = {3};
  int round;
  for(round=0; round<3000; round++){
    AtEnv env = heap_env(*state);
    Row touches[12], deals[8];
    size_t n_t = random_below(&r, 13), n_c = random_below(&r, 9), i, n_unattributed = 0;
    int errors, unattributed;
    AtWalk walk;
    Case x;
    for(i=0; i<n_t; i++) touches[i] = dirty_row(&r, (int64_t)i+1, 0);
    for(i=0; i<n_c; i++) deals[i] = dirty_row(&r, (int64_t)i+1, 1);
    assert_true(audit(&env, &x, random_below(&r, 2) ? "" : "lookback=2; gap=1; reset=conversion", touches, n_t, deals, n_c));
    assert_ok(&env);
    for(i=0; i<n_t; i++){
      count_found(&x.findings, 0, &touches[i], &errors, &unattributed);
      assert_int_equal(errors>0, is_refused(*state, &x.shapes[0], &touches[i]));
    }
    for(i=0; i<n_c; i++){
      count_found(&x.findings, 1, &deals[i], &errors, &unattributed);
      assert_int_equal(errors>0, is_refused(*state, &x.shapes[1], &deals[i]));
    }
    at_walk_open(&env, &walk, x.audited[0].store, x.audited[1].store, &x.options, NULL);
    while( at_walk_next(&env, &walk) ) n_unattributed += walk.path.n==0;
    at_walk_close(env.alloc, &walk);
    count_found(&x.findings, 1, NULL, &errors, &unattributed);
    assert_int_equal(unattributed, n_unattributed);
    close_case(&env, &x);
  }
}

/* The order of rows changes nothing. */
static void test_order_of_rows(void **state){
  Random r = {11};
  int round;
  for(round=0; round<500; round++){
    static const char *const options[] = {"", "most=2", "as_of=1700000003", "touch_id=a; conversion_id=b; most=1"};
    const char *given = options[random_below(&r, COUNT(options))];
    AtEnv env = heap_env(*state);
    Row touches[14], deals[8];
    char shown[2][4000];
    size_t i;
    int k;
    for(i=0; i<14; i++) touches[i] = dirty_row(&r, (int64_t)i/2+1, 0);
    for(i=0; i<8; i++) deals[i] = dirty_row(&r, (int64_t)i/2+1, 1);
    for(k=0; k<2; k++){
      Case x;
      assert_true(audit(&env, &x, given, touches, 14, deals, 8));
      show(&x.findings, shown[k], sizeof shown[k]);
      close_case(&env, &x);
      shuffle_rows(&r, touches, 14);
      shuffle_rows(&r, deals, 8);
    }
    assert_string_equal(shown[0], shown[1]);
  }
}

/************************************ Failures ********************************/

static void audit_many(AtEnv *env, void *given){
  Random r = {5};
  Row touches[60], deals[20];
  size_t i;
  Case x;
  for(i=0; i<COUNT(touches); i++) touches[i] = dirty_row(&r, (int64_t)i+1, 0);
  for(i=0; i<COUNT(deals); i++) deals[i] = dirty_row(&r, (int64_t)i+1, 1);
  audit(env, &x, given, touches, COUNT(touches), deals, COUNT(deals));
  close_case(env, &x);
}

static void test_failures(void **state){
  static char options[] = "most=2; touch_id=a; conversion_id=b; ignore=ads", whole[] = "";
  check_failures(*state, audit_many, options, 100);
  check_failures(*state, audit_many, whole, 100);
  check_stops(*state, audit_many, whole, 50);
}

/* Dates written as numbers, in the years and days that there are; numbers of another unit; ids that are missing or unreadable. */
static void test_numbers_that_are_dates(void **state){
  static const struct { int64_t time; int is_date; } known[] = {
    {20240131, 1}, {19000101, 1}, {21001231, 1}, {18991231, 0}, {21010101, 0}, {20240001, 0}, {20241301, 0}, {20240100, 0}, {20240132, 0},
  };
  size_t i;
  for(i=0; i<COUNT(known); i++){
    Row touch = good_touch(), deal = good_deal();
    touch.time = cell_integer(known[i].time);
    check(*state, "", &touch, 1, &deal, 1, known[i].is_date
          ? "integer_date:1 [rows 1, used 1, skipped 0, refused 0] [rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]"
          : "old_time:1 [rows 1, used 1, skipped 0, refused 0] [rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]",
          known[i].is_date ? AT_INTEGER_DATE : AT_OLD_TIME, NULL);
  }
}

static void test_ids_and_units(void **state){
  static const struct { const char *options; int what; int kind; const char *words; } known[] = {
    {"touch_id=key", 0, AT_MISSING_ID, "key is NULL"}, {"touch_id=key", 1, AT_MISSING_ID, "key is ''"},
    {"touch_id=key", 2, AT_UNREADABLE_ID, "key is no integer"}, {"", 2, AT_UNREADABLE_ID, "rowid is no integer"},
    {"time_unit=ms", 3, AT_WRONG_TIME_UNIT, "no time in the unit ms|time_unit=us"}, {"", 4, AT_WRONG_TIME_UNIT, "in the unit s|time_unit=ms"},
  };
  static char long_id[AT_MAX_TEXT+2];
  size_t i;
  memset(long_id, 'x', sizeof long_id-1);
  for(i=0; i<COUNT(known); i++){
    AtEnv env = heap_env(*state);
    Row touch = good_touch();
    Case x;
    if( known[i].what==0 ) touch.id = cell_null();
    else if( known[i].what==1 ) touch.id = cell_text("");
    else if( known[i].what==2 ) touch.id = i%2 ? cell_text(long_id) : cell_bytes(AT_BLOB, "x", 1);
    else if( known[i].what==3 ) touch.time = cell_integer(INT64_C(1700000000000000));
    else touch.time = cell_integer(INT64_C(1700000000000));
    assert_true(audit(&env, &x, known[i].options, &touch, 1, NULL, 0));
    assert_detail(&x.findings, known[i].kind, known[i].words);
    close_case(&env, &x);
  }
}

/* A row's second fault has the place of the first; what is found without ids has none. */
static void test_faults_of_one_row(void **state){
  Row touches[2], deal = good_deal();
  int has_id;
  touches[0] = touches[1] = good_touch();
  touches[1].label = cell_null();
  touches[1].number = cell_integer(-1);
  touches[1].id = cell_integer(2);
  for(has_id=0; has_id<2; has_id++){
    AtEnv env = heap_env(*state);
    char shown[600];
    Case x;
    memset(&x, 0, sizeof x);
    x.shapes[0] = shape_of(1, 1, 0, has_id);
    x.shapes[1] = shape_of(0, 1, 2, has_id);
    at_options_parse(&env, &x.options, "", 0, AT_FOR_AUDIT);
    at_findings_open(&x.findings, x.options.most);
    assert_true(at_audited_open(&env, &x.audited[0], &x.findings, 0, &x.shapes[0], &x.options, NULL));
    assert_true(at_audited_open(&env, &x.audited[1], &x.findings, 1, &x.shapes[1], &x.options, NULL));
    feed(&env, &x.audited[0], touches, 2);
    feed(&env, &x.audited[1], &deal, 1);
    assert_true(at_audited_finish(&env, &x.audited[0]) && at_audited_finish(&env, &x.audited[1]));
    assert_true(at_audit_journeys(&env, &x.audited[0], &x.audited[1]) && at_findings_sort(&env, &x.findings));
    show(&x.findings, shown, sizeof shown);
    assert_string_equal(shown, has_id ? "missing_label:2 negative_points:2 [rows 2, used 2, skipped 0, refused 0] "
                                        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]"
                                      : "missing_label negative_points [rows 2, used 2, skipped 0, refused 0] "
                                        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]");
    assert_detail(&x.findings, AT_MISSING_LABEL, "(account_id 1, touched_at 1700000000)");
    assert_detail(&x.findings, AT_NEGATIVE_POINTS, "(account_id 1, touched_at 1700000000)");
    close_case(&env, &x);
  }
}

/* A date before 1990 as text is old: no number in another unit, nor one that looks like a date (these seconds are 20240131). */
static void test_old_dates(void **state){
  Row touch = good_touch(), deal = good_deal();
  touch.time = cell_text("1970-08-23 06:15:31");
  check(*state, "", &touch, 1, &deal, 1, "old_time:1 " FINE, AT_OLD_TIME, "touched_at is earlier than 1990");
}

/* A key of the touches that is a BLOB, written as the number of a conversion. */
static void test_keys_of_bytes(void **state){
  Row touches[2], deals[2];
  touches[0] = touches[1] = good_touch();
  touches[0].entity = cell_bytes(AT_BLOB, "7", 1);
  touches[1].id = cell_integer(2);
  deals[0] = deals[1] = good_deal();
  deals[0].entity = cell_integer(7);
  deals[1].id = cell_integer(2);
  check(*state, "", touches, 2, deals, 2, "entities_without_conversion [rows 2, used 2, skipped 0, refused 0] similar_keys:1 no_touches:1 "
        "[rows 2, used 2, skipped 0, refused 0, unattributed 1, value 100.0, unattributed value 50.0]", AT_SIMILAR_KEYS, "is 7, but a BLOB is nearly the same");
  touches[0].entity = cell_text("1e999");            /* no number that there is: a text like any other */
  deals[0].entity = cell_text("1E999");
  check(*state, "", touches, 2, deals, 2, "entities_without_conversion [rows 2, used 2, skipped 0, refused 0] similar_keys:1 no_touches:1 "
        "[rows 2, used 2, skipped 0, refused 0, unattributed 1, value 100.0, unattributed value 50.0]", AT_SIMILAR_KEYS, "'1E999'|'1e999'");
}

/* Spellings whose order as texts takes turns, more than a handful, and some of several rows. */
static void test_spellings_that_take_turns(void **state){
  static const char *const spellings[] = {"ADS", "SEO", "ads", "seo", "seo"};
  static char texts[40][8];
  Row touches[40], deal = good_deal();
  int i, k;
  for(i=0; i<40; i++){
    touches[i] = good_touch();
    touches[i].time = cell_integer(FIRST+i);
    touches[i].label = cell_text(spellings[i%5]);
    touches[i].id = cell_integer(i);
  }
  check(*state, "", touches, 5, &deal, 1, "similar_labels similar_labels [rows 5, used 5, skipped 0, refused 0] "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_SIMILAR_LABELS, "'ADS' (1 row), 'ads' (1 row) are");
  touches[0] = touches[3];                           /* the same row twice */
  check(*state, "", touches, 5, &deal, 1, "duplicate:3 similar_labels [rows 5, used 5, skipped 0, refused 0] "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_SIMILAR_LABELS, "'SEO' (1 row), 'seo' (3 rows) are");
  for(i=0; i<40; i++){                               /* 'abcde' in 20 ways of upper case, 'bbbbb' in as many */
    for(k=0; k<5; k++) texts[i][k] = (char)((i%20>>k & 1 ? 'A' : 'a') + (i<20 ? k : 1));
    touches[i].label = cell_text(texts[i]);
  }
  check(*state, "", touches, 40, &deal, 1, "similar_labels similar_labels [rows 40, used 40, skipped 0, refused 0] "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_SIMILAR_LABELS,
        "'ABCDe' (1 row), 'ABCde' (1 row)|'ABcde' (1 row), and 15 more");
}

/* Many conversions of one instant, their values in turns: all but the first of each value are duplicates. */
static void test_many_of_one_instant(void **state){
  Row touch = good_touch(), deals[40];
  char wanted[1000] = "[rows 1, used 1, skipped 0, refused 0]";
  int i;
  for(i=0; i<40; i++){
    deals[i] = good_deal();
    deals[i].number = cell_integer(i%2 ? 10 : 20);
    deals[i].id = cell_integer(i+1);
    if( i>1 ) snprintf(wanted+strlen(wanted), sizeof wanted-strlen(wanted), " duplicate:%d", i+1);
  }
  strcat(wanted, " [rows 40, used 40, skipped 0, refused 0, unattributed 0, value 600.0, unattributed value 0.0]");
  check(*state, "", &touch, 1, deals, 40, wanted, AT_DUPLICATE, "row 1 has the same");
}

/* Where there are no touches, no key is of another class than theirs. */
static void test_keys_of_nobody(void **state){
  Row deal = good_deal();
  deal.entity = cell_text("x");
  check(*state, "most=1", NULL, 0, &deal, 1, "[rows 0, used 0, skipped 0, refused 0] no_touches:1 [rows 1, used 1, skipped 0, refused 0, unattributed 1, value 50.0, unattributed value 50.0]", 0, NULL);
}

/* Rows without an id are not the same row. */
static void test_several_without_an_id(void **state){
  Row touches[2], deal = good_deal();
  touches[0] = touches[1] = good_touch();
  touches[1].time = cell_integer(FIRST+1);
  touches[0].id = touches[1].id = cell_null();
  check(*state, "touch_id=key", touches, 2, &deal, 1, "missing_id missing_id [rows 2, used 2, skipped 0, refused 0] "
        "[rows 1, used 1, skipped 0, refused 0, unattributed 0, value 50.0, unattributed value 0.0]", AT_MISSING_ID, "key is NULL");
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_nothing_to_find),
    HEAP_TEST(test_without_values_and_ids),
    HEAP_TEST(test_faulty_touches),
    HEAP_TEST(test_faulty_conversions),
    HEAP_TEST(test_more_faults),
    HEAP_TEST(test_rows_that_are_compared),
    HEAP_TEST(test_many_spellings),
    HEAP_TEST(test_against_the_loader),
    HEAP_TEST(test_order_of_rows),
    HEAP_TEST(test_failures),
    HEAP_TEST(test_numbers_that_are_dates),
    HEAP_TEST(test_ids_and_units),
    HEAP_TEST(test_faults_of_one_row),
    HEAP_TEST(test_old_dates),
    HEAP_TEST(test_keys_of_bytes),
    HEAP_TEST(test_spellings_that_take_turns),
    HEAP_TEST(test_many_of_one_instant),
    HEAP_TEST(test_several_without_an_id),
    HEAP_TEST(test_keys_of_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

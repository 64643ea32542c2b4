/*
** fuzz_options.c: options of every table, and label lists that are looked up in.
*/
#include "fuzz_common.h"

static void check_list(const AtLabelList *list){
  int i;
  CHECK(list->n>=0 && list->n<=AT_MAX_LIST);
  for(i=0; i<list->n; i++) CHECK(at_label_listed(list, list->text[i], list->bytes[i]));
}

static void check_options(const AtOptions *o){
  check_list(&o->ignore);
  check_list(&o->direct);
  check_list(&o->exits);
  check_list(&o->exclude);
  check_list(&o->exclude_drop);
  CHECK(o->lookback>=-1 && o->gap>=-1 && o->window>=-1 && o->recycle>=-1 && o->step>=-1);
  CHECK(o->threads>=0 && o->threads<=AT_MAX_THREADS && o->round>=0 && isfinite(o->round));
  CHECK(o->as_of==AT_NO_TIME || (o->as_of>=AT_MIN_TIME && o->as_of<=AT_MAX_TIME));
  CHECK(o->unit==1 || o->unit==1000 || o->unit==AT_SECOND);
  CHECK(o->chain_order>=0 && o->chain_order<=6 && o->min_paths>=0 && at_confidence_ok(o->confidence));
  CHECK(o->period>=AT_PERIOD_NONE && o->period<=AT_PERIOD_YEAR && o->path>=AT_PATH_ALL && o->path<=AT_PATH_FIRST);
  CHECK(o->touch_id==NULL || strlen(o->touch_id)>0);
  CHECK(o->separator_n==0 || o->separator!=NULL);
}

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size};
  Fuzz f;
  AtOptions options;
  unsigned table;
  char *text;
  fuzz_open(&f, &in);
  table = take_below(&in, 17);
  table = table<16 ? 1u<<table : AT_FOR_ALL;
  text = copy_rest(&in);
  if( at_options_parse(&f.env, &options, text, in.n, table) ){
    CHECK(f.env.error.code==AT_OK);
    check_options(&options);
  }else{
    CHECK(f.env.error.code!=AT_OK);
  }
  at_options_free(f.env.alloc, &options);
  free(text);
  fuzz_close(&f);
}

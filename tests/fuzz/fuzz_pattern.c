/*
** fuzz_pattern.c: patterns of sequence_match(), and what they match in a few rows: a match
** is counted, its rows are in order and meet its conditions.
*/
#include "fuzz_common.h"
#include "../../ext/core/funnel.h"

#define CONDITIONS 4

static void check_matches(AtEnv *env, const AtPattern *p, Input *in){
  AtConditions c;
  uint32_t n = take_below(in, 24), i, k, found, *rows = calloc(p->n+1, sizeof *rows);
  if( rows==NULL ) abort();
  if( at_conditions_open(env, &c, CONDITIONS, 1) ){
    for(i=0; i<n && !env->error.code; i++){
      uint32_t set = take_byte(in);
      for(k=1; k<=CONDITIONS; k++) if( set>>k & 1 ) at_conditions_hold(&c, k);
      at_conditions_add(env, &c, (int64_t)(set>>5)*AT_SECOND*(set & 1 ? 1 : 86400), AT_FORM_INT, 1);
    }
    at_conditions_sort(env, &c);
  }
  if( !env->error.code ){
    int matches = at_sequence_match(env, p, &c);
    uint64_t count = at_sequence_count(env, p, &c);
    found = at_sequence_rows(env, p, &c, rows);
    if( !env->error.code ){
      CHECK(matches==(count>0) && count<=(uint64_t)c.n+1 && found<=p->n);
      for(i=0; i<found; i++) CHECK(rows[i]<c.n && (i==0 || c.time[rows[i-1]]<=c.time[rows[i]]));
      for(i=0, k=0; k<p->n && i<found; k++){
        if( p->elements[k].kind==AT_ELEMENT_CONDITION ) CHECK(at_holds(&c, rows[i++], p->elements[k].condition));
      }
    }
  }
  at_conditions_free(env->alloc, &c);
  free(rows);
}

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size};
  size_t n;
  Fuzz f;
  AtPattern pattern;
  char *text;
  uint32_t i;
  memset(&pattern, 0, sizeof pattern);
  fuzz_open(&f, &in);
  text = (char*)memchr(in.at, 0, in.n);       /* the pattern, then the rows */
  n = text ? (size_t)((const uint8_t*)text-in.at) : in.n;
  text = copy_exactly(in.at, n);
  in.at += n;
  in.n -= n;
  if( at_pattern_parse(&f.env, &pattern, text, n, CONDITIONS) ){
    CHECK(f.env.error.code==AT_OK && pattern.n<=AT_MAX_ELEMENTS);
    for(i=0; i<pattern.n; i++){
      const AtElement *e = &pattern.elements[i];
      if( e->kind==AT_ELEMENT_CONDITION ) CHECK(e->condition>=1 && e->condition<=CONDITIONS);
      if( e->kind==AT_ELEMENT_GATE ) CHECK(e->duration>=0);
    }
    check_matches(&f.env, &pattern, &in);
  }else{
    CHECK(f.env.error.code!=AT_OK);
  }
  at_pattern_free(f.env.alloc, &pattern);
  free(text);
  fuzz_close(&f);
}

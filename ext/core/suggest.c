/*
** suggest.c: the nearest known name to a misspelt one, for error messages.
**
** Levenshtein distance without regard to ASCII case, over the first 40 bytes; a name is near
** when at most a third of its letters, and at least one, must change.
*/
#include "core.h"

#include <string.h>

#define COMPARED 40

static unsigned lower(char c){
  return c>='A' && c<='Z' ? (unsigned)(c - 'A' + 'a') : (unsigned char)c;
}

static unsigned distance(const char *a, size_t n_a, const char *b, size_t n_b){
  unsigned row[COMPARED+1];
  size_t i, j;
  for(j=0; j<=n_b; j++) row[j] = (unsigned)j;
  for(i=1; i<=n_a; i++){
    unsigned diagonal = row[0];
    row[0] = (unsigned)i;
    for(j=1; j<=n_b; j++){
      unsigned above = row[j];
      unsigned best = diagonal + (lower(a[i-1])!=lower(b[j-1]));
      if( above+1<best ) best = above+1;
      if( row[j-1]+1<best ) best = row[j-1]+1;
      row[j] = best;
      diagonal = above;
    }
  }
  return row[n_b];
}

void at_suggest_start(AtSuggest *s, const char *wanted, size_t n){
  memset(s, 0, sizeof *s);
  s->wanted = wanted;
  s->n = n<COMPARED ? n : COMPARED;
  s->distance = (unsigned)(s->n/3 ? s->n/3 : 1) + 1;
}

/* Keeps known in s->best if it is nearer than all before it. */
void at_suggest_offer(AtSuggest *s, const char *known){
  size_t n = strlen(known);
  unsigned d;
  if( n>=sizeof s->best ) return;
  d = distance(s->wanted, s->n, known, n<COMPARED ? n : COMPARED);
  if( d<s->distance ){
    s->distance = d;
    memcpy(s->best, known, n+1);
  }
}

/*
** suggest.c: the nearest known name to a misspelt one, for error messages.
**
** Edit distance without regard to ASCII case, over the first 40 bytes; a name is near
** when at most a third of its letters, and at least one, must change.
*/
#include "core.h"

#include <string.h>

#define COMPARED 40

static unsigned least(unsigned a, unsigned b){ return a<b ? a : b; }

/* Optimal string alignment: insert, delete, replace, swap two neighbours. */
static unsigned distance(const char *a, size_t n_a, const char *b, size_t n_b){
  unsigned rows[3][COMPARED+1];
  size_t i, j;
  for(j=0; j<=n_b; j++) rows[0][j] = (unsigned)j;
  for(i=1; i<=n_a; i++){
    const unsigned *above = rows[(i-1)%3], *two_above = rows[(i+1)%3];
    unsigned *row = rows[i%3];
    row[0] = (unsigned)i;
    for(j=1; j<=n_b; j++){
      row[j] = least(least(above[j], row[j-1])+1, above[j-1]+(at_lower(a[i-1])!=at_lower(b[j-1])));
      if( i>1 && j>1 && at_lower(a[i-1])==at_lower(b[j-2]) && at_lower(a[i-2])==at_lower(b[j-1]) ){
        row[j] = least(row[j], two_above[j-2]+1);
      }
    }
  }
  return rows[n_a%3][n_b];
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

/*
** cell.c: one value as it comes from a row, and its order-preserving encoding.
**
** An encoded cell is a tag (its class) and bytes whose order under memcmp() is
** the order of the values: integers and reals big-endian with the sign turned,
** text and blobs as they are. Keys and ids are stored that way, so that one
** comparison serves them all.
*/
#include "core.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define MAX_EXACT (INT64_C(1)<<53)

/* NULL, or text of nothing, as a CSV import leaves it. */
int at_cell_is_null(const AtCell *cell){
  return cell->type==AT_NULL || (cell->type==AT_TEXT && cell->n==0);
}

/* The value as an error message shows it. */
AtQuote at_cell_quote(const AtCell *cell){
  AtQuote quote;
  char number[32];
  switch( cell->type ){
    case AT_TEXT: return at_quote(cell->text, cell->n);
    case AT_INT: {
      uint64_t rest = cell->integer<0 ? 0-(uint64_t)cell->integer : (uint64_t)cell->integer;
      char *out = number + sizeof number;
      *--out = 0;
      do{ *--out = (char)('0' + rest%10); rest /= 10; }while( rest );
      if( cell->integer<0 ) *--out = '-';
      strcpy(quote.text, out);
      return quote;
    }
    case AT_REAL: at_number_format(cell->real, quote.text); return quote;
    case AT_BLOB: strcpy(quote.text, "a BLOB"); return quote;
    default: strcpy(quote.text, "NULL"); return quote;
  }
}

static int compare_integer_real(int64_t i, double r){
  double whole = (double)i;
  if( r>=9223372036854775808.0 ) return -1;
  if( r<-9223372036854775808.0 ) return 1;
  if( whole<r ) return -1;
  if( whole>r ) return 1;
  /* equal as doubles: the integer may carry bits that its double lost */
  return i<(int64_t)r ? -1 : i>(int64_t)r;
}

/* SQLite's order: NULL, numbers by value, text and then blobs by bytes. */
int at_cell_compare(const AtCell *a, const AtCell *b){
  int class_a = a->type==AT_REAL ? AT_INT : a->type;
  int class_b = b->type==AT_REAL ? AT_INT : b->type;
  if( class_a!=class_b ) return class_a<class_b ? -1 : 1;
  if( class_a==AT_NULL ) return 0;
  if( class_a==AT_INT ){
    if( a->type==AT_INT && b->type==AT_INT ){
      return a->integer<b->integer ? -1 : a->integer>b->integer;
    }
    if( a->type==AT_INT ) return compare_integer_real(a->integer, b->real);
    if( b->type==AT_INT ) return -compare_integer_real(b->integer, a->real);
    return a->real<b->real ? -1 : a->real>b->real;
  }else{
    size_t n = a->n<b->n ? a->n : b->n;
    int order = n ? memcmp(a->text, b->text, n) : 0;
    if( order ) return order<0 ? -1 : 1;
    return a->n<b->n ? -1 : a->n>b->n;
  }
}

/* Says of a cell what is wrong and what to write instead, in which column of which
** relation, and of which row: its id, or where that is NULL its number as read. */
void at_fail_cell(AtEnv *env, const char *column, const char *relation, const AtCell *id, uint64_t row,
                  const char *is, const AtCell *value, const char *mend){
  AtQuote got = at_cell_quote(value);
  if( id ){
    at_fail(env, AT_INVALID, "%s of %s, row %s, %s (got %s); %s", column, relation, at_cell_quote(id).text, is,
            got.text, mend);
  }else{
    at_fail(env, AT_INVALID, "%s of %s, row number %llu as read, %s (got %s); %s", column, relation,
            (unsigned long long)row, is, got.text, mend);
  }
}

/* Whether text that is a number is a whole one by its looks, and too large for
** a double to tell from its neighbours: beyond 2^53. */
static int is_inexact(const char *text, size_t n){
  int64_t whole;
  size_t i;
  if( at_integer_parse(text, n, &whole) ) return whole>MAX_EXACT || whole<-MAX_EXACT;
  for(i=0; i<n && strchr(".eE", text[i])==NULL; i++){}
  return i==n;                        /* more digits than at_integer_parse() takes */
}

/* Reads a cell as a number up to AT_MAX_NUMBER: NaN for NULL or ''. Returns
** NULL, or what would be right. */
const char *at_cell_number(const AtCell *cell, double *number){
  int inexact = 0;
  if( at_cell_is_null(cell) ){ *number = NAN; return NULL; }
  if( cell->type==AT_INT ){
    *number = (double)cell->integer;
    inexact = cell->integer>MAX_EXACT || cell->integer<-MAX_EXACT;
  }else if( cell->type==AT_REAL ){
    *number = cell->real;
  }else if( cell->type==AT_TEXT && at_number_parse(cell->text, cell->n, number) ){
    inexact = is_inexact(cell->text, cell->n);
  }else{
    return "write a number, or cast the column";
  }
  if( inexact ) return "write a whole number up to 2^53, larger ones are not exact";
  return fabs(*number)<=AT_MAX_NUMBER ? NULL : "write a number up to 1e290";
}

static void put_big_endian(uint64_t bits, char *out){
  int i;
  for(i=0; i<8; i++) out[i] = (char)(bits >> (56 - 8*i));
}

static uint64_t get_big_endian(const char *in){
  uint64_t bits = 0;
  int i;
  for(i=0; i<8; i++) bits = bits<<8 | (unsigned char)in[i];
  return bits;
}

/* The bytes after the tag: for numbers eight bytes written to number[], for
** text and blobs the text itself. Returns their count. A real that is a whole
** number becomes an integer first, as 1 and 1.0 are one key: the caller sees
** to that by at_cell_normal(). */
size_t at_encode(const AtCell *cell, char number[9], const char **bytes){
  uint64_t bits;
  *bytes = number;
  switch( cell->type ){
    case AT_INT:
      put_big_endian((uint64_t)cell->integer ^ (UINT64_C(1)<<63), number);
      return 8;
    case AT_REAL:
      memcpy(&bits, &cell->real, 8);
      bits = bits>>63 ? ~bits : bits | (UINT64_C(1)<<63);
      put_big_endian(bits, number);
      return 8;
    case AT_TEXT: case AT_BLOB:
      *bytes = cell->text;
      return cell->n;
    default:
      return 0;
  }
}

/* The cell of n encoded bytes, tag first. Text points into encoded. */
AtCell at_decode(const char *encoded, size_t n){
  AtCell cell;
  uint64_t bits;
  assert( n>=1 );
  memset(&cell, 0, sizeof cell);
  cell.type = encoded[0];
  switch( cell.type ){
    case AT_INT:
      bits = get_big_endian(encoded+1) ^ (UINT64_C(1)<<63);
      memcpy(&cell.integer, &bits, 8);
      break;
    case AT_REAL:
      bits = get_big_endian(encoded+1);
      bits = bits>>63 ? bits & ~(UINT64_C(1)<<63) : ~bits;
      memcpy(&cell.real, &bits, 8);
      break;
    case AT_TEXT: case AT_BLOB:
      cell.text = encoded+1;
      cell.n = n-1;
      break;
    default:
      break;
  }
  return cell;
}

/* A real that is a whole number in the range of int64 becomes that integer. */
void at_cell_normal(AtCell *cell){
  if( cell->type==AT_REAL && cell->real>=-9223372036854775808.0
   && cell->real<9223372036854775808.0 && cell->real==floor(cell->real) ){
    cell->type = AT_INT;
    cell->integer = (int64_t)cell->real;
  }
}

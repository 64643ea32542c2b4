/*
** rows.h: cells and stage events that the input chooses, for the targets that load rows.
*/
#ifndef ATTRIBUTION_TESTS_FUZZ_ROWS_H
#define ATTRIBUTION_TESTS_FUZZ_ROWS_H

#include "fuzz_common.h"
#include "../core/funnel_common.h"

#define MOST_ROWS 120
#define START 1704067200            /* 2024-01-01 */

/* Few keys, of every class. */
static inline AtCell any_key(Input *in){
  static const char *const keys[] = {"a", "b", "", "\xff\xfe", "00000000-0000-0000-0000-000000000001",
                                     "00000000-0000-0000-0000-00000000000A", "1", "long key of more than sixteen bytes"};
  uint32_t byte = take_byte(in);
  switch( byte>>5 ){
    case 0: return cell_text(keys[byte%COUNT(keys)]);
    case 1: return byte & 16 ? cell_bytes(AT_BLOB, keys[byte & 7], strlen(keys[byte & 7])) : cell_real((byte & 7)+0.5);
    case 2: return byte & 16 ? cell_null() : cell_integer(INT64_MAX-(int64_t)(byte & 15));
    default: return cell_integer(byte & 7);
  }
}

/* Mostly near each other, and in few forms. */
static inline AtCell any_time(Input *in, uint32_t kind){
  static const char *const times[] = {"2024-01-01", "2024-02-29 12:00", "2023-12-31T23:59:59.999999Z", "2024-01-01 00:00:00",
                                      "1969-12-31", "0000-01-01", "9999-12-31 23:59:59.999999", "1704067201.5"};
  uint32_t byte = take_byte(in);
  if( kind==0 || byte<200 ) return cell_integer(START + (int64_t)(byte%40)*(kind & 1 ? 1 : 43200));
  if( byte<230 ) return cell_text(times[byte%COUNT(times)]);
  if( byte<245 ) return cell_real(START + (double)(byte-230)/8);
  return byte<250 ? cell_null() : cell_integer(byte & 1 ? INT64_C(253402300799) : INT64_C(-62167219200));
}

static inline AtCell any_amount(Input *in){
  uint32_t byte = take_byte(in);
  if( byte<32 ) return cell_null();
  if( byte<48 ) return cell_real(take_double(in));
  if( byte<64 ) return cell_real(byte & 1 ? -1e290 : 1e290/(double)(byte-40));
  return byte & 1 ? cell_integer(((int64_t)byte-128)*7) : cell_real(((double)byte-100)/100);
}

static inline AtCell any_id(Input *in, size_t i, int unique){
  uint32_t byte = unique ? 0 : take_byte(in);
  if( byte<128 ) return cell_integer((int64_t)i+1);
  if( byte<160 ) return cell_null();
  return byte<192 ? cell_text("id") : cell_integer(byte & 1 ? INT64_MIN : byte);
}

static const char *const stage_names[] = {"a", "b", "c", "lost", "other", "B", "d"};

/* Events of stage_names, or open deals in them; ids in order. */
static inline size_t any_events(Input *in, Row *rows, size_t most){
  uint32_t kind = take_byte(in), n = take_byte(in)%(uint32_t)most, i;
  for(i=0; i<n; i++){
    uint32_t byte = take_byte(in);
    rows[i] = row_of(kind & 4 ? any_key(in) : cell_integer(byte>>5), any_time(in, kind & 3), stage_names[byte%COUNT(stage_names)]);
    rows[i].tag[0] = cell_text(byte & 8 ? "ads" : "");
    rows[i].tag[1] = byte & 16 ? cell_integer(byte & 3) : cell_null();
    rows[i].number = kind & 8 ? any_amount(in) : cell_integer(byte);
    rows[i].id = cell_integer((int64_t)i+1);
  }
  return n;
}

static inline const char *any_stages(Input *in){
  static const char *const lists[] = {"a > b > c", "a > b? > c > d", "a > b [1 day] > c? [2 days] > d", "a", "c > a", "a > b > c > d > B", "d? > c?"};
  return lists[take_below(in, COUNT(lists))];
}

/* Some of a list of options, 'a; b; '; the first ones that the bits of two bytes name. */
static inline void any_options(Input *in, const char *const *options, size_t n_options, char *out, size_t room){
  uint32_t chosen = take_byte(in)<<8 | take_byte(in);
  size_t n = 0, i;
  out[0] = 0;
  for(i=0; i<n_options; i++){
    if( !(chosen>>i & 1) ) continue;
    n += (size_t)snprintf(out+n, room-n, "%s; ", options[i]);
    if( n>=room ) abort();
  }
}

#endif

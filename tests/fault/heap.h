/*
** heap.h: SQLite's allocator in a process of tests: it counts what it gives, on any thread, and
** fails where it is told to.
**
** Every block bears its size, so that what SQLite counts as memory in use is to the byte the same in
** every run. A resize always moves, new memory is not zero, and memory taken back is spoilt: what keeps an old
** pointer, or reads before it writes, does not get away with it.
*/
#ifndef ATTRIBUTION_FAULT_HEAP_H
#define ATTRIBUTION_FAULT_HEAP_H

#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

typedef union BlockHead BlockHead;
union BlockHead { size_t bytes; max_align_t align; };

static atomic_long heap_calls;      /* since heap_arm() */
static atomic_long heap_fail_at;    /* this one fails, 0: none does */
static atomic_int heap_persists;    /* and all that come after it */
static atomic_long heap_failed;     /* so many did */
static atomic_long heap_alive;      /* blocks given and not taken back */

/* From now on the n-th request fails. */
static inline void heap_arm(long n, int persists){
  atomic_store(&heap_calls, 0);
  atomic_store(&heap_failed, 0);
  atomic_store(&heap_persists, persists);
  atomic_store(&heap_fail_at, n);
}

/* Failing ends; how many requests have failed. */
static inline long heap_disarm(void){
  atomic_store(&heap_fail_at, 0);
  return atomic_load(&heap_failed);
}

static inline int heap_refuses(void){
  long at = atomic_load(&heap_fail_at), n;
  if( at==0 ) return 0;
  n = atomic_fetch_add(&heap_calls, 1) + 1;
  if( n!=at && !(n>at && atomic_load(&heap_persists)) ) return 0;
  atomic_fetch_add(&heap_failed, 1);
  return 1;
}

static void *heap_malloc(int bytes){
  BlockHead *head;
  if( heap_refuses() ) return NULL;
  head = malloc(sizeof *head + (size_t)bytes);
  if( head==NULL ) abort();
  head->bytes = (size_t)bytes;
  memset(head+1, 0xa5, (size_t)bytes);
  atomic_fetch_add(&heap_alive, 1);
  return head+1;
}

static void heap_free(void *block){
  BlockHead *head = (BlockHead*)block - 1;
  if( block==NULL ) return;
  memset(block, 0x5a, head->bytes);
  atomic_fetch_sub(&heap_alive, 1);
  free(head);
}

static int heap_size(void *block){
  return block ? (int)((BlockHead*)block - 1)->bytes : 0;
}

static void *heap_realloc(void *block, int bytes){
  void *moved = heap_malloc(bytes);
  if( moved==NULL ) return NULL;
  memcpy(moved, block, (size_t)(heap_size(block)<bytes ? heap_size(block) : bytes));
  heap_free(block);
  return moved;
}

static int heap_roundup(int bytes){ return (bytes+7) & ~7; }
static int heap_init(void *data){ (void)data; return SQLITE_OK; }
static void heap_shutdown(void *data){ (void)data; }

/* Before anything else of SQLite. Without lookaside, so that every allocation is one of the heap. */
static inline void heap_install(void){
  static sqlite3_mem_methods methods = {heap_malloc, heap_free, heap_realloc, heap_size, heap_roundup, heap_init,
                                        heap_shutdown, NULL};
  if( sqlite3_config(SQLITE_CONFIG_MALLOC, &methods)!=SQLITE_OK || sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0)!=SQLITE_OK
   || sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1)!=SQLITE_OK || sqlite3_initialize()!=SQLITE_OK ) abort();
}

#endif

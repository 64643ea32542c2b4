/*
** test_parallel.c: parts on threads: each once, errors as if in turn, stops heard.
*/
#define _POSIX_C_SOURCE 200809L          /* signals */
#include "common.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define PARTS 500

/********************************** The system ********************************/

#if !defined(_WIN32)
/* What may be refused. These stand before the C library's own. */
enum { NOTHING, A_MUTEX, A_CONDITION, ATTRIBUTES, A_MASK, N_REFUSALS };
static int refused, n_refused;

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes){
  static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
  (void)attributes;
  *mutex = fresh;
  n_refused += refused==A_MUTEX;
  return refused==A_MUTEX ? EAGAIN : 0;
}

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes){
  static const pthread_cond_t fresh = PTHREAD_COND_INITIALIZER;
  (void)attributes;
  *condition = fresh;
  n_refused += refused==A_CONDITION;
  return refused==A_CONDITION ? EAGAIN : 0;
}

int pthread_attr_init(pthread_attr_t *attributes){
  memset(attributes, 0, sizeof *attributes);
  n_refused += refused==ATTRIBUTES;
  return refused==ATTRIBUTES ? ENOMEM : 0;
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *before){
  n_refused += refused==A_MASK;
  return refused==A_MASK ? EINVAL : sigprocmask(how, set, before);
}
#endif

/************************************ Parts ***********************************/

typedef struct Work Work;
struct Work {
  unsigned char done[PARTS];          /* a byte of its own for each part */
  uint32_t fail_at, fail_too;         /* parts that fail */
  int endless;                        /* parts go on until they are stopped */
};

static int one_part(AtEnv *env, void *context, uint32_t part){
  Work *work = context;
  uint32_t i, *room = at_alloc(env, 1000, sizeof *room);
  if( room==NULL ) return 0;
  for(i=0; i<1000; i++) room[i] = part+i;
  while( work->endless && at_alive(env, 16384) ){}
  if( part==work->fail_at || part==work->fail_too ) at_fail(env, AT_INVALID, "part %u", (unsigned)part);
  work->done[part] += room[999]==part+999;
  at_free(env->alloc, room);
  return at_alive(env, 1);
}

static void test_each_part_once(void **state){
  int threads;
  (void)state;
  for(threads=0; threads<=AT_MAX_THREADS+3; threads++){
    AtEnv env = threads_env(threads);
    Work work = {{0}, UINT32_MAX, UINT32_MAX, 0};
    uint32_t n = threads==5 ? 3 : PARTS, i;
    assert_true(at_parallel(&env, n, one_part, &work));
    for(i=0; i<PARTS; i++) assert_int_equal(work.done[i], i<n);
    assert_true(at_parallel(&env, 0, one_part, &work));
  }
}

/* The lowest part that fails is the error, and all parts below it have run. */
static void test_lowest_failure(void **state){
  Random r = {7};
  int round;
  (void)state;
  for(round=0; round<300; round++){
    AtEnv env = threads_env(1 + round%6);
    uint32_t a = (uint32_t)random_bits(&r)%PARTS, b = (uint32_t)random_bits(&r)%PARTS, low = a<b ? a : b, i;
    Work work = {{0}, a, b, 0};
    char expected[32];
    assert_false(at_parallel(&env, PARTS, one_part, &work));
    snprintf(expected, sizeof expected, "part %u", (unsigned)low);
    assert_string_equal(env.error.text, expected);
    for(i=0; i<=low; i++) assert_int_equal(work.done[i], 1);
    assert_false(at_parallel(&env, PARTS, one_part, &work));     /* sticky */
    assert_int_equal(work.done[0], 1);
  }
}

typedef struct Host Host;
struct Host { pthread_t thread; int asked, patience, elsewhere; };

static int host_beat(void *ctx){
  Host *host = ctx;
  if( !pthread_equal(pthread_self(), host->thread) ) host->elsewhere++;
  return ++host->asked<host->patience;
}

/* The host is asked on its own thread only, and a stop ends parts that never would. */
static void test_stop(void **state){
  int threads;
  (void)state;
  for(threads=1; threads<=4; threads++){
    AtEnv env = threads_env(threads);
    Work work = {{0}, UINT32_MAX, UINT32_MAX, 1};
    Host host = {pthread_self(), 0, 20, 0};
    env.heartbeat = host_beat;
    env.heartbeat_ctx = &host;
    assert_false(at_parallel(&env, PARTS, one_part, &work));
    assert_int_equal(env.error.code, AT_INTERRUPT);
    assert_int_equal(host.elsewhere, 0);
    assert_true(host.asked>=20);
  }
}

/* The caller's own part is short: the stop comes while it waits for the other. */
static int short_and_endless(AtEnv *env, void *context, uint32_t part){
  (void)context;
  while( part>0 && at_alive(env, 16384) ){}
  return !env->error.code;
}

static void test_stop_while_waiting(void **state){
  int round;
  (void)state;
  for(round=0; round<20; round++){
    AtEnv env = threads_env(2);
    Host host = {pthread_self(), 0, 3, 0};
    env.heartbeat = host_beat;
    env.heartbeat_ctx = &host;
    assert_false(at_parallel(&env, 2, short_and_endless, NULL));
    assert_int_equal(env.error.code, AT_INTERRUPT);
    assert_int_equal(host.elsewhere, 0);
  }
}

/* Shares follow each other without a gap, from end to end, however far apart these are. */
static void test_ranges(void **state){
  static const int64_t ends[][2] = {{1, 10000000}, {-30000, 40000}, {INT64_MIN, INT64_MAX}, {INT64_MIN, 0}, {-1, INT64_MAX}, {0, AT_PARALLEL_ROWS}};
  int64_t low, high, next;
  size_t e;
  int n, i;
  (void)state;
  for(e=0; e<COUNT(ends); e++){
    for(n=1; n<=AT_MAX_THREADS; n++){
      for(i=0, next=ends[e][0]; i<n; i++){
        assert_true(at_cut_range(ends[e][0], ends[e][1], n, i, &low, &high));
        assert_true(low==next && high>=low);
        next = (int64_t)((uint64_t)high+1);
      }
      assert_true(high==ends[e][1]);
    }
  }
  assert_false(at_cut_range(5, 4, 2, 0, &low, &high));
  assert_false(at_cut_range(1, AT_PARALLEL_ROWS, 2, 0, &low, &high));
}

static void test_processors(void **state){
  (void)state;
  assert_in_range(at_processors(), 1, AT_MAX_THREADS);
}

#if !defined(_WIN32)
/* Where threads, or what they share, are not to be had, the work is done all the same. */
static void test_without_threads(void **state){
  int what;
  (void)state;
  for(what=1; what<N_REFUSALS; what++){
    AtEnv env = threads_env(3);
    Work work = {{0}, UINT32_MAX, UINT32_MAX, 0};
    Host host = {pthread_self(), 0, INT32_MAX, 0};
    uint32_t i;
    env.heartbeat = host_beat;
    env.heartbeat_ctx = &host;
    refused = what;
    n_refused = 0;
    assert_true(at_parallel(&env, PARTS, one_part, &work));
    refused = 0;
    assert_ok(&env);
    assert_true(n_refused>0);
    for(i=0; i<PARTS; i++) assert_int_equal(work.done[i], 1);
    assert_int_equal(host.elsewhere, 0);
  }
}
#endif

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_each_part_once),
    cmocka_unit_test(test_lowest_failure),
    cmocka_unit_test(test_stop),
    cmocka_unit_test(test_stop_while_waiting),
    cmocka_unit_test(test_ranges),
    cmocka_unit_test(test_processors),
#if !defined(_WIN32)
    cmocka_unit_test(test_without_threads),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
** parallel.c: the parts of one piece of work, on as many threads as there may be.
**
** How it works. Parts are numbered 0 .. n-1 and taken in this order, by the caller's
** thread and by threads that are started for the purpose and have ended when
** at_parallel() returns: nothing runs between statements, nothing is left to stop. A
** part knows its number, not its thread, and writes where no other part does. What is
** made of the parts' results afterwards is made in order of their numbers. So
** an answer cannot depend on how many threads there were, or on which was quicker.
**
** Only the caller's thread asks the host's heartbeat; the others hear of a stop
** through a flag. While it waits for them it goes on asking. When parts fail, the
** lowest of them that did is the error, as if they had run one after the other: a
** failure stops the parts above it, never those below.
*/
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#elif !defined(_WIN32_WINNT)
#define _WIN32_WINNT 0x0600         /* locks and signals as Windows has them since Vista */
#endif
#include "base.h"

#include <assert.h>
#include <string.h>

/* Share i of n of the whole numbers first .. last: low .. high. Returns 0 where there
** are too few to share. */
int at_cut_range(int64_t first, int64_t last, int n, int i, int64_t *low, int64_t *high){
  uint64_t more = (uint64_t)last-(uint64_t)first, each = more/(uint64_t)n + 1;
  assert( n>0 && i>=0 && i<n );
  if( last<first || more<AT_PARALLEL_ROWS ) return 0;
  *low = (int64_t)((uint64_t)first + each*(uint64_t)i);
  *high = i+1<n ? (int64_t)((uint64_t)first + each*(uint64_t)(i+1) - 1) : last;
  return 1;
}

/* One after the other, on the caller's thread. */
static int in_turn(AtEnv *env, uint32_t n, AtPart part, void *context){
  uint32_t i;
  for(i=0; i<n && !env->error.code; i++) part(env, context, i);
  return !env->error.code;
}

#if defined(__STDC_NO_ATOMICS__)

int at_processors(void){ return 1; }

int at_parallel(AtEnv *env, uint32_t n, AtPart part, void *context){
  return in_turn(env, n, part, context);
}

#else

#include <stdatomic.h>
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <process.h>
typedef HANDLE Thread;
typedef SRWLOCK Lock;
typedef CONDITION_VARIABLE Signal;
#else
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
typedef pthread_t Thread;
typedef pthread_mutex_t Lock;
typedef pthread_cond_t Signal;
#endif

#define STACK_BYTES (1u<<20)        /* of a thread; some C libraries give 128 KiB */
#define BEAT_MILLISECONDS 5         /* between two looks at the host while waiting, */
#define BEATS 20                    /* of as many heartbeats as work brings in that time */

typedef struct Crew Crew;
struct Crew {
  AtEnv *env;                       /* the caller's */
  AtPart part;
  void *context;
  uint32_t n;
  atomic_uint next;                 /* part to be taken */
  atomic_uint failed;               /* lowest part that failed, n for none */
  atomic_int stopped;               /* by the host */
  Lock lock;                        /* of the rest */
  Signal left;                      /* a thread has run out of parts */
  int running;                      /* threads that have not */
  uint32_t failure_of;              /* part that failure is from */
  AtError failure;
};

/* One thread's hand in it. */
typedef struct Hand Hand;
struct Hand {
  Crew *crew;
  AtEnv env;
  uint32_t part;                    /* at work on this one */
  int is_caller;
};

static void take_parts_and_leave(Hand *hand);

/* What systems call by different names; the lock is held where its crew waits. */
#if defined(_WIN32)

static long count_processors(void){
  SYSTEM_INFO info;
  GetSystemInfo(&info);
  return (long)info.dwNumberOfProcessors;
}

static int open_lock(Crew *crew){
  InitializeSRWLock(&crew->lock);
  InitializeConditionVariable(&crew->left);
  return 1;
}

static void close_lock(Crew *crew){ (void)crew; }
static void lock(Crew *crew){ AcquireSRWLockExclusive(&crew->lock); }
static void unlock(Crew *crew){ ReleaseSRWLockExclusive(&crew->lock); }
static void signal_left(Crew *crew){ WakeConditionVariable(&crew->left); }
static void wait_a_beat(Crew *crew){ SleepConditionVariableSRW(&crew->left, &crew->lock, BEAT_MILLISECONDS, 0); }

static unsigned __stdcall run_thread(void *hand){
  take_parts_and_leave(hand);
  return 0;
}

static int start_thread(Thread *thread, Hand *hand){
  *thread = (HANDLE)_beginthreadex(NULL, STACK_BYTES, run_thread, hand, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  return *thread!=NULL;
}

static void end_thread(Thread thread){
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
}

#else

static long count_processors(void){ return sysconf(_SC_NPROCESSORS_ONLN); }

static int open_lock(Crew *crew){
  if( pthread_mutex_init(&crew->lock, NULL) ) return 0;
  if( pthread_cond_init(&crew->left, NULL)==0 ) return 1;
  pthread_mutex_destroy(&crew->lock);
  return 0;
}

static void close_lock(Crew *crew){
  pthread_cond_destroy(&crew->left);
  pthread_mutex_destroy(&crew->lock);
}

static void lock(Crew *crew){ pthread_mutex_lock(&crew->lock); }
static void unlock(Crew *crew){ pthread_mutex_unlock(&crew->lock); }
static void signal_left(Crew *crew){ pthread_cond_signal(&crew->left); }

static void wait_a_beat(Crew *crew){
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += BEAT_MILLISECONDS*1000000;
  if( until.tv_nsec>=1000000000 ){ until.tv_nsec -= 1000000000; until.tv_sec++; }
  pthread_cond_timedwait(&crew->left, &crew->lock, &until);
}

static void *run_thread(void *hand){
  take_parts_and_leave(hand);
  return NULL;
}

/* Starts a thread that takes no signals: those are for the host's own threads. */
static int start_thread(Thread *thread, Hand *hand){
  sigset_t all, before;
  pthread_attr_t attributes;
  int rc;
  if( pthread_attr_init(&attributes) ) return 0;
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  sigfillset(&all);
  rc = pthread_sigmask(SIG_SETMASK, &all, &before);
  if( rc==0 ){
    rc = pthread_create(thread, &attributes, run_thread, hand);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  pthread_attr_destroy(&attributes);
  return rc==0;
}

static void end_thread(Thread thread){ pthread_join(thread, NULL); }

#endif

/* A processor for each thread is what makes more of them worth while. */
int at_processors(void){
  long n = count_processors();
  return n<1 ? 1 : n>AT_MAX_THREADS ? AT_MAX_THREADS : (int)n;
}

static int hand_beat(void *context){
  Hand *hand = context;
  Crew *crew = hand->crew;
  if( hand->is_caller && crew->env->heartbeat && !crew->env->heartbeat(crew->env->heartbeat_ctx) ){
    atomic_store(&crew->stopped, 1);
  }
  return !atomic_load(&crew->stopped) && atomic_load(&crew->failed)>=hand->part;
}

/* Notes a failure, unless it is only that a part below has failed, or that of one above. */
static void note_failure(Crew *crew, const Hand *hand){
  lock(crew);
  if( hand->part<crew->failure_of ){
    crew->failure_of = hand->part;
    crew->failure = hand->env.error;
    atomic_store(&crew->failed, hand->part);
  }
  unlock(crew);
}

static void take_parts(Hand *hand){
  Crew *crew = hand->crew;
  while( !atomic_load(&crew->stopped) ){
    hand->part = atomic_fetch_add(&crew->next, 1);
    if( hand->part>=crew->n || hand->part>atomic_load(&crew->failed) ) return;
    crew->part(&hand->env, crew->context, hand->part);
    if( hand->env.error.code ){
      note_failure(crew, hand);
      return;
    }
  }
}

static void start_hand(Hand *hand, Crew *crew, int is_caller){
  memset(hand, 0, sizeof *hand);
  hand->crew = crew;
  hand->is_caller = is_caller;
  hand->env.alloc = crew->env->alloc;
  hand->env.heartbeat = hand_beat;
  hand->env.heartbeat_ctx = hand;
}

static void take_parts_and_leave(Hand *hand){
  Crew *crew = hand->crew;
  take_parts(hand);
  lock(crew);
  crew->running--;
  signal_left(crew);
  unlock(crew);
}

/* Until all threads have run out of parts; the host is asked meanwhile. */
static void wait_for_all(Crew *crew, Hand *caller){
  int beat;
  lock(crew);
  while( crew->running>0 ){
    wait_a_beat(crew);
    if( crew->running==0 || atomic_load(&crew->stopped) ) continue;
    unlock(crew);
    for(beat=0; beat<BEATS && hand_beat(caller); beat++){}
    lock(crew);
  }
  unlock(crew);
}

/* Runs part(env, context, 0 .. n-1), each with an env of its own thread, on up to
** env->threads of them. The allocator must then be one that any thread may call. Threads that
** cannot be started are done without. Fails as the lowest failing part did. */
int at_parallel(AtEnv *env, uint32_t n, AtPart part, void *context){
  int wanted = env->threads>AT_MAX_THREADS ? AT_MAX_THREADS : env->threads, n_threads = 0, i;
  Thread thread[AT_MAX_THREADS];
  Hand hand[AT_MAX_THREADS];
  Crew crew;
  if( env->error.code ) return 0;
  if( (uint32_t)wanted>n ) wanted = (int)n;
  if( wanted<=1 ) return in_turn(env, n, part, context);
  memset(&crew, 0, sizeof crew);
  crew.env = env;
  crew.part = part;
  crew.context = context;
  crew.n = n;
  crew.failure_of = n;
  atomic_init(&crew.next, 0);
  atomic_init(&crew.failed, n);
  atomic_init(&crew.stopped, 0);
  if( !open_lock(&crew) ) return in_turn(env, n, part, context);
  start_hand(&hand[0], &crew, 1);
  crew.running = wanted-1;                 /* before they start: they count it down */
  while( n_threads<wanted-1 ){
    start_hand(&hand[n_threads+1], &crew, 0);
    if( !start_thread(&thread[n_threads], &hand[n_threads+1]) ) break;
    n_threads++;
  }
  lock(&crew);
  crew.running -= wanted-1-n_threads;
  unlock(&crew);
  take_parts(&hand[0]);
  hand[0].part = 0;                        /* while it waits no failure stops it, only the host */
  wait_for_all(&crew, &hand[0]);
  for(i=0; i<n_threads; i++) end_thread(thread[i]);
  close_lock(&crew);
  if( atomic_load(&crew.stopped) ) at_fail(env, AT_INTERRUPT, "interrupted");
  else if( crew.failure_of<n ) env->error = crew.failure;
  assert( env->error.code || atomic_load(&crew.next)>=n );
  return !env->error.code;
}

#endif

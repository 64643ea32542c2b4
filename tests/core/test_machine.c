/*
** test_machine.c: the memory of the machine, and limits of control groups as Linux
** writes them, in a folder that stands for the root.
*/
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700
#endif
#include "common.h"

#include <stdlib.h>

#define MB (UINT64_C(1)<<20)

/* No computer with less has been seen for a while. */
static void test_memory(void **state){
  uint64_t bytes = at_memory("");
  (void)state;
  assert_true(bytes==0 || (bytes>16*MB && bytes<(UINT64_C(1)<<50)));
}

#if !defined(_WIN32)
#include <ftw.h>
#include <sys/stat.h>

static char root[256];

/* A file below the root, with its folders. */
static void put(const char *path, const char *text){
  char name[1024];
  FILE *file;
  size_t i;
  snprintf(name, sizeof name, "%s%s", root, path);
  for(i=strlen(root)+1; name[i]; i++){
    if( name[i]!='/' ) continue;
    name[i] = 0;
    mkdir(name, 0700);
    name[i] = '/';
  }
  file = fopen(name, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static int remove_one(const char *path, const struct stat *is, int flag, struct FTW *place){
  (void)is, (void)flag, (void)place;
  return remove(path);
}

static int open_root(void **state){
  (void)state;
  snprintf(root, sizeof root, "%s/groups-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
  return mkdtemp(root)==NULL;
}

static int remove_root(void **state){
  (void)state;
  return nftw(root, remove_one, 8, FTW_DEPTH|FTW_PHYS);
}

static void test_no_groups(void **state){
  (void)state;
  assert_int_equal(at_memory(root), at_memory("/nowhere"));
  put("/proc/self/cgroup", "");
  assert_int_equal(at_memory(root), at_memory("/nowhere"));
}

static void test_version_2(void **state){
  uint64_t all = at_memory(root);
  (void)state;
  put("/proc/self/cgroup", "0::/user.slice/app\n");
  assert_int_equal(at_memory(root), all);
  put("/sys/fs/cgroup/user.slice/app/memory.max", "max\n");
  assert_int_equal(at_memory(root), all);
  put("/sys/fs/cgroup/user.slice/app/memory.max", "12582912\n");
  assert_int_equal(at_memory(root), 12*MB);
  put("/sys/fs/cgroup/user.slice/memory.max", "11534336\n");     /* for all below it */
  assert_int_equal(at_memory(root), 11*MB);
  put("/sys/fs/cgroup/user.slice/memory.max", "13631488\n");
  assert_int_equal(at_memory(root), 12*MB);
  put("/sys/fs/cgroup/memory.max", "10485760\n");
  assert_int_equal(at_memory(root), 10*MB);
  put("/sys/fs/cgroup/use/memory.max", "1048576\n");             /* the beginning of a name is another group's */
  assert_int_equal(at_memory(root), 10*MB);
}

static void test_version_1(void **state){
  (void)state;
  put("/proc/self/cgroup", "5:cpu,cpuacct:/docker/7\n4:cpuset,memory,pids:/docker/7\n3:hugememory:/h\n2:memoryless:/h\nno colon\n1:one\n");
  put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "20971520\n");          /* seen from within the container */
  put("/sys/fs/cgroup/memory/h/memory.limit_in_bytes", "1048576\n");
  put("/sys/fs/cgroup/h/memory.max", "1048576\n");
  assert_int_equal(at_memory(root), 20*MB);
  put("/proc/self/cgroup", "4:memory:/\n0::/\n");
  assert_int_equal(at_memory(root), 20*MB);
}

/* What is no number, nor more than none, limits nothing; and neither does a path or a file that is too long to be read. */
static void test_other_files(void **state){
  static const char *const texts[] = {"", "\n", "0\n", "-1\n", "9223372036854771712\n", "99999999999999999999\n", "12 MB\n"};
  static char line[6000];
  uint64_t all = at_memory("/nowhere");
  size_t i;
  (void)state;
  put("/proc/self/cgroup", "0::/app\n");
  for(i=0; i<COUNT(texts); i++){
    put("/sys/fs/cgroup/app/memory.max", texts[i]);
    assert_int_equal(at_memory(root), all);
  }
  put("/sys/fs/cgroup/app/memory.max", "12582912");                           /* without an end of line */
  assert_int_equal(at_memory(root), 12*MB);
  memset(line, 'x', sizeof line-2);
  memcpy(line, "0::/app/", 8);
  line[sizeof line-2] = '\n';
  put("/proc/self/cgroup", line);                                             /* no end within what is read */
  assert_int_equal(at_memory(root), all);
  strcpy(line+4080, "\n");
  put("/proc/self/cgroup", line);                                             /* the path of the file does not fit */
  assert_int_equal(at_memory(root), 12*MB);
}
#endif

int main(void){
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_memory),
#if !defined(_WIN32)
    cmocka_unit_test_setup_teardown(test_no_groups, open_root, remove_root),
    cmocka_unit_test_setup_teardown(test_version_2, open_root, remove_root),
    cmocka_unit_test_setup_teardown(test_version_1, open_root, remove_root),
    cmocka_unit_test_setup_teardown(test_other_files, open_root, remove_root),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
** machine.c: how much memory there is for this process.
**
** How it works. What the machine has, or what the control groups of the process leave
** it (a container, a service), whichever is less. On Linux /proc/self/cgroup names the
** groups, one hierarchy a line:
**
**   0::/user.slice/app             version 2, its limit in memory.max
**   4:memory:/docker/0123          version 1, in memory.limit_in_bytes
**
** A group's limit holds for all below it, so each folder up to the root of the
** hierarchy is asked. Within a container the path is often that of the host, where the
** container sees its own group as the root; so a folder that is not there is passed
** over. Files are read without the C library's buffers: every allocation of ours goes
** through the allocator that was passed in, and here is none.
*/
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#include "base.h"

#include <string.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

uint64_t at_memory(const char *root){
  MEMORYSTATUSEX status;
  (void)root;
  status.dwLength = sizeof status;
  return GlobalMemoryStatusEx(&status) ? status.ullTotalPhys : 0;
}

#else
#include <fcntl.h>
#include <unistd.h>

#define MOST_BYTES 4096             /* of a file or a path that is looked at */

/* A text that is cut where it is too long; so a path that does not fit names nothing. */
typedef struct Text Text;
struct Text {
  char bytes[MOST_BYTES];
  size_t n;
};

static void add(Text *t, const char *bytes, size_t n){
  if( n>=sizeof t->bytes-t->n ) n = sizeof t->bytes-t->n-1;
  memcpy(t->bytes+t->n, bytes, n);
  t->n += n;
  t->bytes[t->n] = 0;
}

/* Puts the beginning of a file into text; nothing where it cannot be read. */
static void read_file(const char *path, Text *text){
  int file = open(path, O_RDONLY|O_CLOEXEC);
  ssize_t n = 1;
  text->n = 0;
  while( file>=0 && n>0 && text->n<sizeof text->bytes-1 ){
    n = read(file, text->bytes+text->n, sizeof text->bytes-1-text->n);
    if( n>0 ) text->n += (size_t)n;
  }
  text->bytes[text->n] = 0;
  if( file>=0 ) close(file);
}

/* The limit in a file, in bytes; the greatest number where there is none ("max"). */
static uint64_t limit_of(const char *path){
  Text text;
  int64_t limit;
  read_file(path, &text);
  if( text.n>0 && text.bytes[text.n-1]=='\n' ) text.n--;
  return at_integer_parse(text.bytes, text.n, &limit) && limit>0 ? (uint64_t)limit : UINT64_MAX;
}

/* The least limit in the file of this name, from the folder path below mount up to mount. */
static uint64_t least_limit(const char *root, const char *mount, const char *path, size_t n, const char *name){
  uint64_t least = UINT64_MAX;
  for(;;){
    Text file = {{0}, 0};
    uint64_t limit;
    add(&file, root, strlen(root));
    add(&file, mount, strlen(mount));
    add(&file, path, n);
    add(&file, name, strlen(name));
    limit = limit_of(file.bytes);
    if( limit<least ) least = limit;
    if( n==0 ) return least;
    do n--; while( n>0 && path[n]!='/' );
  }
}

/* Is the one word among those with commas between them? */
static int names_memory(const char *words, size_t n){
  static const char word[] = "memory";
  size_t i, length = sizeof word-1;
  for(i=0; i+length<=n; i++){
    if( (i>0 && words[i-1]!=',') || memcmp(words+i, word, length)!=0 ) continue;
    if( i+length==n || words[i+length]==',' ) return 1;
  }
  return 0;
}

/* What the groups of this process leave it. */
static uint64_t limit_of_groups(const char *root){
  uint64_t least = UINT64_MAX, limit;
  Text file = {{0}, 0}, groups;
  const char *line, *end;
  add(&file, root, strlen(root));
  add(&file, "/proc/self/cgroup", strlen("/proc/self/cgroup"));
  read_file(file.bytes, &groups);
  for(line=groups.bytes; (end = strchr(line, '\n'))!=NULL; line=end+1){
    const char *words = memchr(line, ':', (size_t)(end-line)), *path;
    path = words ? memchr(words+1, ':', (size_t)(end-words-1)) : NULL;
    if( path==NULL ) continue;
    words++;
    path++;
    if( path-1==words ) limit = least_limit(root, "/sys/fs/cgroup", path, (size_t)(end-path), "/memory.max");
    else if( names_memory(words, (size_t)(path-1-words)) ){
      limit = least_limit(root, "/sys/fs/cgroup/memory", path, (size_t)(end-path), "/memory.limit_in_bytes");
    }else continue;
    if( limit<least ) least = limit;
  }
  return least;
}

/* Bytes of memory that this process may come to use; 0 where nothing says so. root: ""
** (a test has control groups of its own in a folder). */
uint64_t at_memory(const char *root){
  uint64_t all = 0, limit = limit_of_groups(root);
#if defined(_SC_PHYS_PAGES)
  long pages = sysconf(_SC_PHYS_PAGES), each = sysconf(_SC_PAGESIZE);
  if( pages>0 && each>0 ) all = (uint64_t)pages*(uint64_t)each;
#endif
  if( all==0 && limit==UINT64_MAX ) return 0;
  return all==0 || limit<all ? limit : all;
}

#endif

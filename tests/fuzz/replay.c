/*
** replay.c: runs a fuzz target over files, without libFuzzer: replay FOLDER-OR-FILE …
**
** Linked with one target, it is that target's regression test. It says how many files there
** were, and fails where there were none.
*/
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES (1u<<20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *running = "";    /* for the message of what breaks off */

static void say_which(void){
  if( *running ) fprintf(stderr, "while replaying %s\n", running);
}

static int replay_file(const char *path){
  FILE *file = fopen(path, "rb");
  uint8_t *room, *data;
  size_t n;
  if( file==NULL ){
    fprintf(stderr, "cannot read %s\n", path);
    exit(1);
  }
  room = malloc(MOST_BYTES);
  if( room==NULL ) exit(1);
  n = fread(room, 1, MOST_BYTES, file);
  fclose(file);
  data = malloc(n ? n : 1);         /* a block of its own length: reading beyond it is seen */
  if( data==NULL ) exit(1);
  memcpy(data, room, n);
  free(room);
  running = path;
  LLVMFuzzerTestOneInput(data, n);
  running = "";
  free(data);
  return 1;
}

static int replay(const char *path){
  DIR *folder = opendir(path);
  const struct dirent *entry;
  int files = 0;
  if( folder==NULL ) return replay_file(path);
  while( (entry = readdir(folder))!=NULL ){
    char name[1024];
    if( entry->d_name[0]=='.' ) continue;
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    files += replay_file(name);
  }
  closedir(folder);
  return files;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
void __sanitizer_set_death_callback(void (*callback)(void));
#endif

int main(int argc, char **argv){
  int i, files = 0;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(say_which);
#endif
  atexit(say_which);
  for(i=1; i<argc; i++) files += replay(argv[i]);
  printf("%s: %d files\n", argc>1 ? argv[1] : "replay", files);
  return files==0;
}

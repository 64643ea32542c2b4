/*
** fuzz_stages.c: stage lists. Every stage is found under its own number.
*/
#include "fuzz_common.h"
#include "../../ext/core/funnel.h"

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size};
  Fuzz f;
  AtStages stages;
  char *text;
  int plain, ok;
  uint32_t i;
  memset(&stages, 0, sizeof stages);
  fuzz_open(&f, &in);
  plain = (int)take_below(&in, 2);
  text = copy_rest(&in);
  ok = at_stages_parse(&f.env, &stages, text, in.n, plain);
  CHECK(ok==(f.env.error.code==AT_OK));
  if( ok ){
    CHECK(stages.n>=1 && stages.n<=AT_MAX_STAGES);
    for(i=0; i<stages.n; i++){
      const AtStage *stage = &stages.stage[i];
      CHECK(stage->n>0 && stage->n<=AT_MAX_TEXT && stage->limit>=-1);
      CHECK(at_stage_number(&stages, stage->text, stage->n)==i+1);
      if( plain ) CHECK(!stage->optional && stage->limit==-1);
    }
  }
  at_stages_free(f.env.alloc, &stages);
  free(text);
  fuzz_close(&f);
}

/*
** fuzz_models.c: model lists, and the weights of a path under each of them.
*/
#include "fuzz_common.h"

/* A path of up to 15 touches of up to four labels. */
static int open_path(AtEnv *env, AtPath *path, Input *in){
  uint32_t i, n = 1 + take_below(in, 15);
  int k;
  if( !at_path_labels(env, path, 4) || !at_path_reserve(env, path, n) ) return 0;
  path->direct = at_alloc(env, 4, sizeof *path->direct);
  if( path->direct==NULL ) return 0;
  path->direct[0] = path->direct[1] = path->direct[3] = 0;
  path->direct[2] = 1;
  path->n = n;
  path->n_milestones = 3;
  for(i=0; i<n; i++){
    path->row[i] = i;
    path->label[i] = take_below(in, 4);
    path->time[i] = (i ? path->time[i-1] : 0) - (int64_t)take_below(in, 8)*take_byte(in)*AT_SECOND;
    path->points[i] = take_below(in, 4) ? (double)take_byte(in)-100 : take_double(in);
    if( !(fabs(path->points[i])<=AT_MAX_NUMBER) ) path->points[i] = 0;
  }
  for(i=0; i<n/2; i++){                 /* in order of time */
    int64_t time = path->time[i];
    path->time[i] = path->time[n-1-i];
    path->time[n-1-i] = time;
  }
  for(k=0; k<3; k++) path->milestone[k] = (int32_t)take_below(in, n+1) - 1;
  return 1;
}

static void check_model(AtEnv *env, const AtModel *model, AtPath *path){
  double value = 1000.01, size = 0;
  uint32_t i;
  if( !at_divide(env, path, model, value, 0) ) return;
  for(i=0; i<path->n; i++){
    CHECK(isfinite(path->credit[i]) && isfinite(path->value[i]));
    if( model->kind!=AT_POINTS ) CHECK(path->credit[i]>=0 && path->credit[i]<=1);
    size += fabs(path->credit[i]);
  }
  if( model->kind==AT_PARTICIPATION ) return;
  CHECK(fabs(exact_sum(path->credit, path->n)-1)<=1e-15*(1+size));
  CHECK(fabs(exact_sum(path->value, path->n)-value)<=1e-12*(1+size));
}

static void fuzz(const uint8_t *data, size_t size){
  Input in = {data, size}, decisions;
  Fuzz f;
  AtModels models;
  AtPath path;
  int has_points, n_milestones, m;
  char *text;
  fuzz_open(&f, &in);
  has_points = (int)take_below(&in, 2);
  n_milestones = (int)take_below(&in, 4);
  text = copy_rest(&in);
  decisions = in;
  if( at_models_parse(&f.env, &models, text, in.n, has_points, n_milestones) ){
    CHECK(f.env.error.code==AT_OK && models.n>=1 && models.n<=AT_MAX_MODELS);
    if( open_path(&f.env, &path, &decisions) ){
      path.n_milestones = n_milestones;
      for(m=0; m<models.n; m++){
        const AtModel *model = &models.model[m];
        CHECK(memchr(model->name, 0, sizeof model->name)!=NULL && model->name[0]!=0);
        CHECK(model->n_milestones<=n_milestones && (model->kind!=AT_POINTS || has_points));
        if( model->kind!=AT_MARKOV ) check_model(&f.env, model, &path);
      }
    }
    at_path_close(f.env.alloc, &path);
  }else{
    CHECK(f.env.error.code!=AT_OK);
  }
  at_models_free(f.env.alloc, &models);
  free(text);
  fuzz_close(&f);
}

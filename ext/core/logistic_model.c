/*
** logistic_model.c: the texts of logistic regression: 'ridge=1', the model as JSON, and
** what a model predicts.
**
**   {"intercept":-1.2,"coefficients":[0.4],"std_errors":[0.3,0.1],"z":[-4.0,4.0], … }
**
** Numbers are written so that they read back as the same doubles, so a model predicts what was
** fitted. Reading takes any JSON object with a number "intercept" and numbers "coefficients", in
** any order and spacing, and passes over whatever else it holds.
*/
#include "scores.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LEAST_RIDGE 1e-6
#define MOST_RIDGE 1e12
#define MOST_DEPTH 64               /* of JSON that is passed over */

/************************************ Options *********************************/

/* Whether a first argument is options, and not y: text that holds a '='. */
int at_logistic_is_options(const AtCell *cell){
  return cell->type==AT_TEXT && cell->n>0 && memchr(cell->text, '=', cell->n)!=NULL;
}

static int read_option(AtEnv *env, const char *text, size_t n, double *ridge, int *seen){
  const char *equals = memchr(text, '=', n), *value;
  size_t n_name, n_value;
  if( equals==NULL ){
    at_fail(env, AT_INVALID, "option %s has no value; write name=value, such as ridge=1", at_quote(text, n).text);
    return 0;
  }
  n_name = (size_t)(equals-text);
  value = equals+1;
  n_value = n-n_name-1;
  at_trim(&text, &n_name);
  at_trim(&value, &n_value);
  if( !at_same_word("ridge", text, n_name) ){
    AtSuggest near;
    at_suggest_start(&near, text, n_name);
    at_suggest_offer(&near, "ridge");
    at_fail(env, AT_INVALID, "unknown option %s; %s", at_quote(text, n_name).text,
            near.best[0] ? "did you mean ridge?" : "write 'ridge=1', the only one");
  }else if( (*seen)++ ){
    at_fail(env, AT_INVALID, "option ridge is given twice; write it once");
  }else if( !at_number_parse(value, n_value, ridge)
         || (*ridge!=0 && !(*ridge>=LEAST_RIDGE && *ridge<=MOST_RIDGE)) ){
    at_fail(env, AT_INVALID, "option ridge cannot be read (got %s); write 0, or a number from 1e-6 to 1e12",
            at_quote(value, n_value).text);
  }
  return !env->error.code;
}

/* 'name=value; name=value'. */
int at_logistic_options(AtEnv *env, const char *text, size_t n, double *ridge){
  int seen = 0;
  *ridge = 0;
  while( n>0 && !env->error.code ){
    const char *end = memchr(text, ';', n), *option = text;
    size_t length = end ? (size_t)(end-text) : n, passed = end ? length+1 : n;
    text += passed;
    n -= passed;
    at_trim(&option, &length);
    if( length>0 ) read_option(env, option, length, ridge, &seen);
  }
  return !env->error.code;
}

/************************************ Writing *********************************/

static void add_key(AtEnv *env, AtText *json, const char *key){
  at_text_add(env, json, json->n ? "," : "{", 1);
  at_text_json(env, json, key, strlen(key));
  at_text_add(env, json, ":", 1);
}

static void add_number(AtEnv *env, AtText *json, double x){
  char number[32];
  at_text_add(env, json, number, (size_t)at_number_format(x, number));
}

static void add_count(AtEnv *env, AtText *json, const char *key, uint32_t count){
  char number[16];
  add_key(env, json, key);
  at_text_add(env, json, number, (size_t)snprintf(number, sizeof number, "%u", (unsigned)count));
}

/* z is Wald's, the p-value two-sided: the normal's both tails beyond z. */
enum { COEFFICIENT, STD_ERROR, Z, P_VALUE };
static void add_list(AtEnv *env, AtText *json, const char *key, const AtLogistic *fit, int what){
  uint32_t j, first = what==COEFFICIENT;
  add_key(env, json, key);
  at_text_add(env, json, "[", 1);
  for(j=first; j<=fit->n_predictors; j++){
    double z = fit->estimate[j]/fit->std_error[j];
    at_text_add(env, json, ",", j>first);
    add_number(env, json, what==COEFFICIENT ? fit->estimate[j] : what==STD_ERROR ? fit->std_error[j]
                        : what==Z ? z : at_erfc(fabs(z)/sqrt(2.0)));
  }
  at_text_add(env, json, "]", 1);
}

int at_logistic_json(AtEnv *env, const AtLogistic *fit, AtText *json){
  add_key(env, json, "intercept");
  add_number(env, json, fit->estimate[0]);
  add_list(env, json, "coefficients", fit, COEFFICIENT);
  add_list(env, json, "std_errors", fit, STD_ERROR);
  add_list(env, json, "z", fit, Z);
  add_list(env, json, "p_values", fit, P_VALUE);
  add_count(env, json, "n", fit->n);
  add_count(env, json, "positives", fit->positives);
  add_key(env, json, "deviance");
  add_number(env, json, fit->deviance);
  add_key(env, json, "null_deviance");
  add_number(env, json, fit->null_deviance);
  add_count(env, json, "iterations", (uint32_t)fit->iterations);
  add_key(env, json, "ridge");
  add_number(env, json, fit->ridge);
  at_text_add(env, json, "}", 1);
  return !env->error.code;
}

/************************************ Reading *********************************/

typedef struct Json Json;
struct Json { const char *at, *end; };

static void pass_blanks(Json *j){
  while( j->at<j->end && strchr(" \t\r\n", *j->at) && *j->at ) j->at++;
}

/* Passes the character, with the blanks on both sides, if it comes next. */
static int pass(Json *j, char c){
  pass_blanks(j);
  if( j->at>=j->end || *j->at!=c ) return 0;
  j->at++;
  pass_blanks(j);
  return 1;
}

/* A string; *text is what stands between the quotes, escapes as they are. */
static int pass_string(Json *j, const char **text, size_t *n){
  const char *at = j->at;
  if( at>=j->end || *at!='"' ) return 0;
  *text = ++at;
  while( at<j->end && *at!='"' ) at += *at=='\\' ? 2 : 1;
  if( at>=j->end ) return 0;
  *n = (size_t)(at - *text);
  j->at = at+1;
  return 1;
}

/* A number, true, false or null: the letters of it. */
static void pass_word(Json *j, const char **text, size_t *n){
  *text = j->at;
  while( j->at<j->end && (at_is_digit(*j->at) || (at_lower(*j->at)>='a' && at_lower(*j->at)<='z')
                          || *j->at=='+' || *j->at=='-' || *j->at=='.') ) j->at++;
  *n = (size_t)(j->at - *text);
}

static int pass_number(Json *j, double *number){
  const char *text, *start = j->at;
  size_t n;
  pass_word(j, &text, &n);
  if( n>0 && *text!='+' && at_number_parse(text, n, number) && isfinite(*number) ) return 1;
  j->at = start;
  return 0;
}

/* Any value. */
static int pass_value(Json *j, int depth){
  const char *text, *start = j->at;
  size_t n;
  double number;
  int is_object;
  if( depth>MOST_DEPTH ) return 0;
  if( j->at<j->end && *j->at=='"' ) return pass_string(j, &text, &n);
  is_object = pass(j, '{');
  if( is_object || pass(j, '[') ){
    char close = is_object ? '}' : ']';
    if( pass(j, close) ) return 1;
    do{
      if( is_object && !(pass_string(j, &text, &n) && pass(j, ':')) ) return 0;
      if( !pass_value(j, depth+1) ) return 0;
    }while( pass(j, ',') );
    return pass(j, close);
  }
  pass_word(j, &text, &n);
  if( n>0 && (at_number_parse(text, n, &number) || (n==4 && memcmp(text, "true", 4)==0)
              || (n==5 && memcmp(text, "false", 5)==0) || (n==4 && memcmp(text, "null", 4)==0)) ) return 1;
  j->at = start;
  return 0;
}

static int read_coefficients(AtEnv *env, Json *j, AtLogisticModel *model){
  if( !pass(j, '[') ) return 0;
  model->coefficient = at_alloc(env, AT_MAX_PREDICTORS, sizeof *model->coefficient);
  if( model->coefficient==NULL ) return 0;
  if( pass(j, ']') ) return 1;
  do{
    if( model->n>=AT_MAX_PREDICTORS ){
      at_fail(env, AT_INVALID, "model has more than %d coefficients; give the text that logistic_fit() returned",
              AT_MAX_PREDICTORS);
      return 0;
    }
    if( !pass_number(j, &model->coefficient[model->n]) ) return 0;
    model->n++;
  }while( pass(j, ',') );
  return pass(j, ']');
}

/* One "key": value; a second intercept, or second coefficients, is refused where it begins. */
static int read_member(AtEnv *env, Json *j, AtLogisticModel *model, int *has_intercept){
  const char *key, *start = j->at;
  size_t n;
  int is_intercept, is_list;
  if( !pass_string(j, &key, &n) ) return 0;
  is_intercept = n==9 && memcmp(key, "intercept", 9)==0;
  is_list = n==12 && memcmp(key, "coefficients", 12)==0;
  if( (is_intercept && *has_intercept) || (is_list && model->coefficient) ){
    j->at = start;
    return 0;
  }
  if( !pass(j, ':') ) return 0;
  if( is_intercept ) return *has_intercept = pass_number(j, &model->intercept);
  return is_list ? read_coefficients(env, j, model) : pass_value(j, 0);
}

static int read_members(AtEnv *env, Json *j, AtLogisticModel *model, int *has_intercept){
  if( !pass(j, '{') ) return 0;
  if( pass(j, '}') ) return 1;
  do{
    if( !read_member(env, j, model, has_intercept) ) return 0;
  }while( pass(j, ',') );
  return pass(j, '}');
}

/* Reads a model, to be freed whatever this returns. */
int at_logistic_model_parse(AtEnv *env, AtLogisticModel *model, const char *text, size_t n){
  Json j;
  int has_intercept = 0;
  j.at = text;
  j.end = text+n;
  memset(model, 0, sizeof *model);
  if( n>AT_MAX_TEXT ){
    at_fail(env, AT_INVALID, "model is longer than 65,535 bytes; give the text that logistic_fit() returned");
  }else if( !read_members(env, &j, model, &has_intercept) || j.at<j.end ){
    at_fail(env, AT_INVALID, "model cannot be read from character %u on (got %s); give the text that logistic_fit() returned",
            (unsigned)(j.at-text+1), at_quote(j.at, (size_t)(j.end-j.at)).text);
  }else if( !has_intercept || model->coefficient==NULL ){
    at_fail(env, AT_INVALID, "model has no %s (got %s); give the text that logistic_fit() returned",
            has_intercept ? "coefficients" : "intercept", at_quote(text, n).text);
  }
  return !env->error.code;
}

void at_logistic_model_free(const AtAlloc *alloc, AtLogisticModel *model){
  at_free(alloc, model->coefficient);
  memset(model, 0, sizeof *model);
}

/* The probability at n numbers; 0 or 1 where eta is beyond any double. */
double at_logistic_predict(const AtLogisticModel *model, const double *x){
  AtSum eta = {0, 0};
  double total;
  uint32_t k;
  at_sum_add(&eta, model->intercept);
  for(k=0; k<model->n; k++) at_sum_add(&eta, model->coefficient[k]*x[k]);
  total = at_sum_total(&eta);
  if( !isfinite(total) ){                     /* parts overflow: once more, far smaller, for the sign alone */
    total = 0;
    for(k=0; k<model->n; k++) total += model->coefficient[k]*0x1p-512 * (x[k]*0x1p-512);
    return total>0 ? 1 : total<0 ? 0 : 0.5;
  }
  return total>=0 ? 1/(1+at_exp(-total)) : at_exp(total)/(1+at_exp(total));
}

/*
** fuzz_domain.c: domains of addresses. A domain is its own domain, and that of an address at it.
*/
#include "fuzz_common.h"
#include "../../ext/core/scores.h"

static void check_domain(const char *text, size_t n){
  size_t i, dots = 0;
  CHECK(n<=AT_MAX_DOMAIN);
  for(i=0; i<n; i++){
    unsigned char c = (unsigned char)text[i];
    CHECK(c>' ' && c!=0x7f && !(c>='A' && c<='Z') && strchr("@/:?#<>,;\"", c)==NULL);
    dots += c=='.';
  }
  CHECK(dots>0 && text[0]!='.' && text[n-1]!='.');
}

static void fuzz(const uint8_t *data, size_t size){
  char *text = copy_exactly(data, size), *out = malloc(AT_MAX_DOMAIN), *again = malloc(AT_MAX_DOMAIN);
  char address[AT_MAX_DOMAIN+2] = "x@";
  size_t n;
  if( out==NULL || again==NULL ) abort();
  n = at_email_domain(text, size, out);
  if( n>0 ){
    check_domain(out, n);
    memcpy(address+2, out, n);
    CHECK(at_email_domain(address, n+2, again)==n && memcmp(again, out, n)==0);
  }
  n = at_web_domain(text, size, out);
  if( n>0 ){
    size_t twice = at_web_domain(out, n, again);
    check_domain(out, n);
    CHECK(n>4 && memcmp(out, "www.", 4)==0 ? twice>0 : twice==n && memcmp(again, out, n)==0);
  }
  free(text);
  free(out);
  free(again);
}

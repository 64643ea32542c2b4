/*
** domain.c: the domain of an e-mail address or of a web address, as a key that matches people to
** accounts.
**
** A domain here is what an account can be matched by: labels between dots, two at least, of
** letters, digits, - and _, and of any bytes beyond ASCII. The last label begins with a letter, so an IPv4 address is
** none; a label neither begins nor ends with -. ASCII letters become small ones; all else stays
** as it is. Text is looked at byte by byte and nothing is allocated.
*/
#include "scores.h"

#include <string.h>

static int is_beyond_ascii(char c){ return ((unsigned char)c & 0x80)!=0; }

static int is_letter(char c){
  return (at_lower(c)>='a' && at_lower(c)<='z') || is_beyond_ascii(c);
}

static int is_in_label(char c){
  return is_letter(c) || at_is_digit((unsigned char)c) || c=='-' || c=='_';
}

/* Whether text before an @ may be of one address: no blank, control character or what stands
** between addresses. */
static int is_one_user(const char *text, size_t n){
  size_t i;
  for(i=0; i<n; i++){
    unsigned char c = (unsigned char)text[i];
    if( c<=' ' || c==0x7f || c==',' || c==';' || c=='<' || c=='>' ) return 0;
  }
  return 1;
}

/* Writes a domain, without the dot that may end it. Returns its length; 0: there is none. */
static size_t write_domain(const char *text, size_t n, char out[AT_MAX_DOMAIN]){
  size_t i, label = 0, dots = 0;       /* label: where it begins */
  if( n>0 && text[n-1]=='.' ) n--;
  if( n>AT_MAX_DOMAIN ) return 0;
  for(i=0; i<=n; i++){
    if( i<n && text[i]!='.' ){
      if( !is_in_label(text[i]) ) return 0;
      out[i] = at_lower(text[i]);
      continue;
    }
    if( i==label || text[label]=='-' || text[i-1]=='-' ) return 0;
    if( i==n ) break;
    out[i] = '.';
    dots++;
    label = i+1;
  }
  return dots>0 && is_letter(text[label]) ? n : 0;
}

/* Where the last of a character is; n: nowhere. */
static size_t last_of(const char *text, size_t n, char c){
  size_t i = n;
  while( i>0 && text[i-1]!=c ) i--;
  return i ? i-1 : n;
}

/* 'Jane <jane@Mail.Example.com>' -> 'mail.example.com'. Returns its length; 0: there is none. */
size_t at_email_domain(const char *text, size_t n, char out[AT_MAX_DOMAIN]){
  static const char scheme[] = "mailto:";
  size_t at;
  at_trim(&text, &n);
  if( n>0 && text[n-1]=='>' ){
    size_t open = last_of(text, n, '<');
    if( open==n || memchr(text, '>', open) ) return 0;   /* not opened, or a second address */
    text += open+1;
    n -= open+2;
    at_trim(&text, &n);
  }
  if( n>=sizeof scheme-1 && at_same_word(scheme, text, sizeof scheme-1) ){
    const char *query;
    text += sizeof scheme-1;
    n -= sizeof scheme-1;
    query = memchr(text, '?', n);
    if( query ) n = (size_t)(query-text);
  }
  at = last_of(text, n, '@');
  if( at==n || at==0 ) return 0;
  if( !(at>=2 && text[0]=='"' && text[at-1]=='"') && !is_one_user(text, at) ) return 0;
  return write_domain(text+at+1, n-at-1, out);
}

/* How long 'https://' or '//' is, at the beginning of text; 0 without. */
static size_t scheme_length(const char *text, size_t n){
  size_t i = 0;
  while( i<n && (at_is_digit((unsigned char)text[i]) || (is_letter(text[i]) && !is_beyond_ascii(text[i]))
              || text[i]=='+' || text[i]=='-' || text[i]=='.') ) i++;
  if( i>0 && i<n && text[i]==':' ) i++;
  else if( i>0 ) return 0;
  return n-i>=2 && text[i]=='/' && text[i+1]=='/' ? i+2 : 0;
}

/* 'https://user@www.Example.com:8080/path?x' -> 'example.com'. Returns its length; 0: there is
** none. 'www.' goes where a dot is left after it. */
size_t at_web_domain(const char *text, size_t n, char out[AT_MAX_DOMAIN]){
  size_t end = 0, at, port;
  at_trim(&text, &n);
  at = scheme_length(text, n);
  text += at;
  n -= at;
  while( end<n && text[end]!='/' && text[end]!='?' && text[end]!='#' && text[end]!='\\' ) end++;
  n = end;
  at = last_of(text, n, '@');
  if( at<n ){
    if( !is_one_user(text, at) ) return 0;
    text += at+1;
    n -= at+1;
  }
  port = last_of(text, n, ':');
  if( port<n ){
    for(at=port+1; at<n; at++) if( !at_is_digit((unsigned char)text[at]) ) return 0;
    n = port;
  }
  n = write_domain(text, n, out);
  if( n>4 && memcmp(out, "www.", 4)==0 && memchr(out+4, '.', n-4) ){
    n -= 4;
    memmove(out, out+4, n);
  }
  return n;
}

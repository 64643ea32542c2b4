/*
** test_domain.c: domains of addresses as people write them, of garbage, and of very long text.
** Every text is given in a block of its own length, so that reading beyond it is seen.
*/
#include "funnel_common.h"
#include "../../ext/core/scores.h"

#define NOTHING ""
typedef size_t (*ReadDomain)(const char *text, size_t n, char out[AT_MAX_DOMAIN]);
typedef struct Known Known;
struct Known { const char *text, *domain; };

static size_t read_exactly(ReadDomain read, const char *text, size_t n, char out[AT_MAX_DOMAIN+1]){
  char *block = malloc(n ? n : 1), *room = malloc(AT_MAX_DOMAIN);
  size_t length;
  if( block==NULL || room==NULL ) abort();
  memcpy(block, text, n);
  length = read(block, n, room);
  assert_true(length<=AT_MAX_DOMAIN);
  memcpy(out, room, length);
  out[length] = 0;
  free(block);
  free(room);
  return length;
}

static void check(ReadDomain read, const Known *known, size_t count){
  char out[AT_MAX_DOMAIN+1];
  size_t i;
  for(i=0; i<count; i++){
    read_exactly(read, known[i].text, strlen(known[i].text), out);
    if( strcmp(out, known[i].domain)!=0 ) fail_msg("%s: '%s' instead of '%s'", known[i].text, out, known[i].domain);
  }
}

static void test_email(void **state){
  static const Known known[] = {
    {"jane@Mail.Example.COM", "mail.example.com"}, {" \t jane@example.com\r\n", "example.com"},
    {"Jane Doe <jane@example.com>", "example.com"}, {"\"Doe, Jane\" < jane@example.com > ", "example.com"},
    {"<jane@example.com>", "example.com"}, {"\"a<b\" <jane@example.com>", "example.com"},
    {"mailto:jane@example.com", "example.com"}, {"MailTo:jane@example.com?subject=a@b.org", "example.com"},
    {"Jane <mailto:jane@example.com>", "example.com"}, {"jane@example.com.", "example.com"},
    {"a@b@example.com", "example.com"}, {"\"a@b c\"@example.com", "example.com"}, {"\"<,;>\"@example.com", "example.com"},
    {"jane+tag@example.co.uk", "example.co.uk"}, {"o'neill/x=y@my_host.example-site.com", "my_host.example-site.com"},
    {"j@m\xc3\x9cller.DE", "m\xc3\x9cller.de"}, {"j@xn--mller-kva.de", "xn--mller-kva.de"}, {"j@b\xc3\xbc" "cher.\xd1\x80\xd1\x84", "b\xc3\xbc" "cher.\xd1\x80\xd1\x84"},
    {"j@1and1.com", "1and1.com"}, {"j@123.com", "123.com"}, {"\xff@\xfe.\xfd", "\xfe.\xfd"}, {"j@a.b", "a.b"},
    {"", NOTHING}, {" ", NOTHING}, {"@", NOTHING}, {"jane", NOTHING}, {"example.com", NOTHING}, {"@example.com", NOTHING},
    {"jane@", NOTHING}, {"jane@localhost", NOTHING}, {"jane@localhost.", NOTHING}, {"jane@.com", NOTHING}, {"jane@example.", NOTHING},
    {"jane@example..com", NOTHING}, {"jane@example.com..", NOTHING}, {"jane@.", NOTHING}, {"jane@exa mple.com", NOTHING},
    {"jane@ example.com", NOTHING}, {"jane @example.com", NOTHING}, {"write to jane@example.com", NOTHING},
    {"a@b.com, c@d.com", NOTHING}, {"a@b.com;c@d.com", NOTHING}, {"A <a@b.com>, C <c@d.com>", NOTHING}, {"A <a@b.com>, c@d.com", NOTHING},
    {"jane@example.com>", NOTHING}, {"<jane@example.com", NOTHING}, {"<>", NOTHING}, {">", NOTHING}, {"<", NOTHING}, {"Jane <jane>", NOTHING},
    {"jane@10.0.0.1", NOTHING}, {"jane@[10.0.0.1]", NOTHING}, {"jane@[IPv6:::1]", NOTHING}, {"jane@example.com:25", NOTHING},
    {"jane@-example.com", NOTHING}, {"jane@example-.com", NOTHING}, {"jane@example.com-", NOTHING}, {"jane@---", NOTHING},
    {"mailto:", NOTHING}, {"mailto:?to=jane@example.com", NOTHING}, {"mailto:@example.com", NOTHING}, {"\"@example.com", "example.com"},
    {"jane@example.com/x", NOTHING}, {"jane@ex%61mple.com", NOTHING}, {"jane@example,com", NOTHING}, {"jane@1.5e-07", NOTHING},
  };
  (void)state;
  check(at_email_domain, known, COUNT(known));
}

static void test_web(void **state){
  static const Known known[] = {
    {"HTTPS://user:pw@www.Example.com:8080/path?x#y", "example.com"}, {"www.example.com", "example.com"},
    {"example.com/path", "example.com"}, {"//example.com", "example.com"}, {"//www.example.com/a//b", "example.com"}, {"example.com.", "example.com"},
    {" http://example.com/ \n", "example.com"}, {"http://example.com?x=http://other.org/", "example.com"}, {"example.com#a@b.org", "example.com"},
    {"example.com/?u=http://other.org", "example.com"}, {"http://example.com\\x", "example.com"}, {"ftp://files.example.com", "files.example.com"},
    {"http://example.com:/", "example.com"}, {"example.com:8080", "example.com"}, {"http://a@b@example.com", "example.com"},
    {"WWW.Example.com.", "example.com"}, {"www.com", "www.com"}, {"www.com.", "www.com"}, {"http://www.com:80/", "www.com"}, {"www.www.com", "www.com"},
    {"www.co.uk", "co.uk"}, {"www2.example.com", "www2.example.com"}, {"wwwexample.com", "wwwexample.com"}, {"http://www.b\xc3\xbc" "cher.DE", "b\xc3\xbc" "cher.de"},
    {"jane@example.com", "example.com"}, {"mailto:jane@example.com?subject=x", "example.com"}, {"android-app+x.y://com.example", "com.example"},
    {"my_host.example.com", "my_host.example.com"}, {"123.example", "123.example"},
    {"", NOTHING}, {"  ", NOTHING}, {"/", NOTHING}, {"//", NOTHING}, {"http://", NOTHING}, {"http:///path", NOTHING}, {"https:/example.com", NOTHING},
    {"http:example.com", NOTHING}, {"http://http://example.com", NOTHING}, {"://example.com", NOTHING}, {"localhost", NOTHING}, {"http://localhost:8080/", NOTHING}, {"www", NOTHING},
    {"www.", NOTHING}, {".com", NOTHING}, {"example..com", NOTHING}, {"www..com", NOTHING}, {"example.com..", NOTHING}, {"exa mple.com", NOTHING},
    {"see example.com", NOTHING}, {"see us@example.com", NOTHING}, {"Jane <jane@example.com>", NOTHING}, {"a.com, b.com", NOTHING},
    {"a@b.com, c@d.com", NOTHING}, {"http://[::1]/", NOTHING}, {"http://[::1]:80", NOTHING}, {"::1", NOTHING}, {"10.0.0.1", NOTHING}, {"http://10.0.0.1:8080/", NOTHING},
    {"http://user@10.0.0.1", NOTHING}, {"example.com:80a", NOTHING}, {"example.com:-1", NOTHING}, {"a:b:80", NOTHING}, {"javascript:void(0)", NOTHING}, {"tel:+4930123456", NOTHING},
    {"n/a", NOTHING}, {"-", NOTHING}, {"none", NOTHING}, {"-a.com", NOTHING}, {"a-.com", NOTHING}, {"*.example.com", NOTHING}, {"ex%61mple.com", NOTHING}, {"3.14", NOTHING},
    {"\xc3\xbc://example.com", NOTHING},
  };
  (void)state;
  check(at_web_domain, known, COUNT(known));
}

/* A NUL is a character like any other that no domain has. */
static void test_nul(void **state){
  char out[AT_MAX_DOMAIN+1];
  (void)state;
  assert_int_equal(read_exactly(at_email_domain, "jane@exam\0ple.com", 17, out), 0);
  assert_int_equal(read_exactly(at_email_domain, "jane@example.com\0", 17, out), 0);
  assert_int_equal(read_exactly(at_email_domain, "ja\0ne@example.com", 17, out), 0);
  assert_int_equal(read_exactly(at_web_domain, "\0www.example.com", 16, out), 0);
  assert_int_equal(read_exactly(at_web_domain, "www.example.com\0", 16, out), 0);
  assert_int_equal(read_exactly(at_web_domain, "www.example.com/\0", 17, out), 11);
}

static void test_lengths(void **state){
  static char text[1<<20];
  char out[AT_MAX_DOMAIN+1];
  size_t i;
  (void)state;
  for(i=0; i<sizeof text; i++) text[i] = i%64==63 ? '.' : 'A';
  memcpy(text, "a@", 2);
  for(i=0; i<400; i++){                                /* up to 253 bytes; 62, 126, … end with a dot, that goes */
    size_t length = read_exactly(at_email_domain, text, i+2, out), wanted = (i+2)%64==0 ? i-1 : i;
    assert_int_equal(length, wanted<=253 && wanted>62 ? wanted : 0);
    assert_int_equal(read_exactly(at_web_domain, text, i+2, out), length);
  }
  memset(text, 'a', sizeof text);
  for(i=0; i<6; i++){                                  /* a megabyte of one character, and an address after it */
    static const char of[] = "a@:/<\"";
    memset(text, of[i], sizeof text);
    read_exactly(at_email_domain, text, sizeof text, out);
    read_exactly(at_web_domain, text, sizeof text, out);
    memcpy(text+sizeof text-12, "@Example.com", 12);
    assert_int_equal(read_exactly(at_email_domain, text, sizeof text, out), of[i]=='<' ? 0 : 11);
    read_exactly(at_web_domain, text, sizeof text, out);
    memcpy(text, "example.com/", 12);
    assert_int_equal(read_exactly(at_web_domain, text, sizeof text, out), 11);
  }
}

static void check_form(const char *out, size_t n){
  size_t i, dots = 0;
  for(i=0; i<n; i++){
    char c = out[i];
    dots += c=='.';
    if( !((c>='a' && c<='z') || at_is_digit((unsigned char)c) || strchr("-_.", c) || (c & 0x80)) || c==0 ) fail_msg("a byte %d", c);
    assert_false(c=='.' && (i==0 || i==n-1 || out[i-1]=='.'));
  }
  assert_true(dots>=1);
}

/* Garbage of the characters that mean something. What comes out is a domain, and its own domain. */
static void test_garbage(void **state){
  static const char of[] = "aaabZ1....@@@//::<>\"?#,; \\-_%[]\xc3\xbc\0";
  static const char *const pieces[] = {"www.", "http://", "mailto:", "example.com", "@a.b", ":80", "//"};
  Random r = {1};
  int round, found = 0;
  (void)state;
  for(round=0; round<300000; round++){
    char text[64], out[AT_MAX_DOMAIN+1], again[AT_MAX_DOMAIN+1], address[AT_MAX_DOMAIN+3] = "x@";
    size_t n = 0, wanted = random_below(&r, 40), length;
    while( n<wanted ){
      const char *piece = pieces[random_below(&r, COUNT(pieces))];
      if( random_below(&r, 6)==0 && n+strlen(piece)<sizeof text ){ memcpy(text+n, piece, strlen(piece)); n += strlen(piece); }
      else text[n++] = of[random_below(&r, sizeof of)];
    }
    length = read_exactly(at_web_domain, text, n, out);
    if( length ){
      found++;
      check_form(out, length);
    }
    length = read_exactly(at_email_domain, text, n, out);
    if( length==0 ) continue;
    found++;
    check_form(out, length);
    memcpy(address+2, out, length);
    assert_int_equal(read_exactly(at_email_domain, address, length+2, again), length);
    assert_memory_equal(out, again, length);
  }
  assert_true(found>1000);
}

/* Characters just outside what a label and a user may hold. */
static void test_next_to_letters(void **state){
  static const char wrong[] = "@[`{/:!\"#$%&'()*+,;<=>?\\]^|}~ \x7f\x01";
  static const char no_user[] = ",;<> \x01\x7f";
  char text[40], out[AT_MAX_DOMAIN+1];
  size_t i;
  (void)state;
  for(i=0; wrong[i]; i++){
    snprintf(text, sizeof text, "jane@ex%cmple.com", wrong[i]);
    if( read_exactly(at_email_domain, text, strlen(text), out)>0 && wrong[i]!='@' ) fail_msg("%s has the domain %s", text, out);
  }
  for(i=0; no_user[i]; i++){
    snprintf(text, sizeof text, "ja%cne@example.com", no_user[i]);
    if( read_exactly(at_email_domain, text, strlen(text), out)>0 ) fail_msg("%s has the domain %s", text, out);
  }
}

int main(void){
  const struct CMUnitTest tests[] = {
    HEAP_TEST(test_email),
    HEAP_TEST(test_web),
    HEAP_TEST(test_nul),
    HEAP_TEST(test_lengths),
    HEAP_TEST(test_garbage),
    cmocka_unit_test(test_next_to_letters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

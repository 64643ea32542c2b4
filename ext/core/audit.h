/*
** audit.h: core.h and funnel.h continued, for the audits: what is wrong with the rows of a
** relation, and what becomes of them. The conventions are those of core.h.
**
** A relation is read once. Each raw row is checked; what the other functions would refuse or
** skip becomes a finding, the rest goes into a store. Then the store is looked through, and
** walked as the other functions walk it.
*/
#ifndef ATTRIBUTION_AUDIT_H
#define ATTRIBUTION_AUDIT_H

#include "funnel.h"

/************************ Interface to code in findings.c *********************
** The list of findings: so many of each kind, and how many there were.
*/
enum { AT_ERROR, AT_WARNING, AT_NOTE };
#define AT_AUDITED 2                /* relations of one audit, 0 and 1 */
/* In the order in which they are listed; docs/audits.md says what each means. */
enum {
  AT_UNREADABLE_TIME, AT_EIGHT_DIGIT_TIME, AT_WRONG_TIME_UNIT, AT_UNREADABLE_KEY, AT_UNREADABLE_LABEL,
  AT_UNREADABLE_VALUE, AT_UNREADABLE_POINTS, AT_UNREADABLE_MILESTONE, AT_UNREADABLE_ID, AT_KEYS_OF_TWO_CLASSES,
  AT_MISSING_ENTITY, AT_MISSING_TIME, AT_MISSING_LABEL, AT_MISSING_VALUE, AT_MISSING_ID, AT_INTEGER_DATE, AT_OLD_TIME,
  AT_FUTURE_TIME, AT_DUPLICATE, AT_DUPLICATE_ID, AT_SIMILAR_LABELS, AT_SIMILAR_KEYS,
  AT_NO_TOUCHES, AT_ONLY_LATER_TOUCHES, AT_TOUCHES_OUT_OF_REACH, AT_MILESTONE_AFTER_CONVERSION,
  AT_MILESTONES_OUT_OF_ORDER, AT_POINTS_NOT_POSITIVE,
  AT_UNKNOWN_STAGE, AT_SIMILAR_STAGE, AT_ABSENT_STAGE, AT_EARLIER_STAGE, AT_LATE_STAGE, AT_NO_PASS_OPENED,
  AT_EXIT_WITHOUT_PASS,
  AT_MISSING_POINTS, AT_NEGATIVE_VALUE, AT_NEGATIVE_POINTS, AT_MISSING_MILESTONE, AT_TOUCHES_AFTER_LAST,
  AT_ENTITIES_WITHOUT_CONVERSION,
  AT_REPEATED_STAGE, AT_SKIPPED_STAGE, AT_LATE_START, AT_SAME_INSTANT, AT_REMOVED_PASS, AT_ENDED_BY_DEADLINE, AT_STALE_PASS,
  AT_SUMMARY, AT_FINDINGS
};
typedef struct AtFindingInfo AtFindingInfo;
struct AtFindingInfo { const char *name; int severity; };
const AtFindingInfo *at_finding_info(int kind);

typedef struct AtFound AtFound;
struct AtFound { size_t id, detail; uint32_t n_id, n_detail; uint64_t rows; };  /* offsets of bytes, and how many */
typedef struct AtFoundList AtFoundList;
struct AtFoundList {
  AtFound *rows;
  uint32_t n, capacity;
  AtText bytes;                     /* encoded ids, details */
  uint64_t total, rows_found;       /* findings, kept or not; the rows that these speak of */
  uint32_t n_sorted;                /* the first rows are sorted, and the best so far */
};
typedef struct AtFindings AtFindings;
struct AtFindings {
  uint32_t most;                    /* rows kept of each kind */
  AtFoundList list[AT_AUDITED][AT_FINDINGS];
};
/* Where something was found: a row's id (AT_NULL = it has none), who and when it is, and how many rows it is true of. */
typedef struct AtPlace AtPlace;
struct AtPlace { AtCell id; char about[320]; uint64_t rows; };
AtPlace at_place_of_rows(uint64_t rows);
void at_findings_open(AtFindings *f, uint32_t most);
int at_found(AtEnv *env, AtFindings *f, int relation, int kind, const AtPlace *place, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 6, 7)))
#endif
    ;
int at_findings_sort(AtEnv *env, AtFindings *f);
typedef struct AtFindingRow AtFindingRow;  /* a cursor; all 0 before the first row */
struct AtFindingRow {
  int relation, kind;
  uint32_t next;                    /* row of that list */
  uint64_t rows, listed;            /* that the finding speaks of; that those listed so far do */
  AtCell id;
  const char *detail;
  size_t n_detail;
  char more[48];
};
int at_findings_next(const AtFindings *f, AtFindingRow *row);
void at_findings_close(const AtAlloc *alloc, AtFindings *f);

/************************ Interface to code in audit_rows.c *******************
** Raw rows: each checked, the good ones loaded.
*/
typedef struct AtAudited AtAudited; /* one relation of an audit */
struct AtAudited {
  AtFindings *findings;
  int relation;                     /* 0 .. AT_AUDITED-1 */
  const AtShape *shape;
  const AtOptions *options;
  const char *id_column;            /* that an option names, or NULL */
  AtLoader loader;
  AtStore *store;                   /* of the rows that are good, once all are read */
  uint64_t rows, skipped, refused, unlabelled;
  uint64_t later;                   /* of the store: later than as_of */
  uint8_t *duplicate;               /* by row of the store */
};
int at_audited_open(AtEnv *env, AtAudited *x, AtFindings *findings, int relation, const AtShape *shape,
                    const AtOptions *options, const char *id_column);
int at_audited_row(void *audited, AtEnv *env, const AtCell *cells);
int at_audited_finish(AtEnv *env, AtAudited *x);
void at_audited_close(const AtAlloc *alloc, AtAudited *x);
const char *at_unit_of_number(double number);

/************************ Interface to code in audit_store.c ******************
** What can be said of any store: times, ids, duplicates, spellings.
*/
AtPlace at_audited_place(const AtAudited *x, uint32_t row);
int at_audit_times(AtEnv *env, AtAudited *x);
int at_audit_ids(AtEnv *env, AtAudited *x);
int at_audit_duplicates(AtEnv *env, AtAudited *x, const char *columns);
int at_audit_labels(AtEnv *env, AtAudited *x);
int at_audit_keys(AtEnv *env, AtAudited *x);
int at_plain_form(AtEnv *env, AtText *out, const AtCell *cell, int is_key);
uint32_t *at_label_counts(AtEnv *env, const AtStore *store);

/************************ Interface to code in audit_touches.c ****************
** Touches and conversions together.
*/
int at_audit_journeys(AtEnv *env, AtAudited *touches, AtAudited *conversions);

/************************ Interface to code in audit_stages.c *****************
** Stage events, and the passes that they make.
*/
int at_audit_stages(AtEnv *env, AtAudited *events, const AtStages *stages);

#endif

/** Writes native/plan.h from src/plan/wire.ts and native/start.h from src/linux/premises/wire.ts: `npm run generate`. */
import { writeFileSync } from 'node:fs'
import {
  ANEW,
  CHOSEN,
  EXPECT,
  ID_DIGITS,
  KEPT_VARIABLES,
  MOST_WORDS,
  PREMISE,
  PREMISE_ARGUMENT,
  ROOM_BYTES,
  SHORT_ID,
  SHORT_ID_DIGITS,
  SHORTEST_ID,
  START_HEADER,
  START_MAGIC,
  WORD,
} from '../src/linux/premises/wire.ts'
import {
  ARGUMENT,
  FLAG,
  HEADER,
  MAGIC,
  MONITOR,
  MONITOR_FLAG,
  OP,
  RECORD,
  ROLE,
  STAY_DOWN,
  TOLERATED,
} from '../src/plan/wire.ts'

const constants = (prefix: string, values: Record<string, number>): string =>
  Object.entries(values)
    .map(([name, value]) => `#define ${prefix}_${name} ${value}`)
    .join('\n')

const fields = (names: readonly string[]): string =>
  names.map((field) => `\tunsigned int ${field};`).join('\n')

export const planHeader = (): string => `/* Generated from src/plan/wire.ts by native/generate.ts. */
#ifndef PLAN_H
#define PLAN_H

#define PLAN_MAGIC 0x${MAGIC.toString(16)}u
#define TOLERATED ${TOLERATED}
#define STAY_DOWN ${STAY_DOWN}

${constants('FLAG', FLAG)}

${constants('MONITOR', MONITOR_FLAG)}

${constants('OP', OP)}

${constants('ROLE', ROLE)}

${constants('ARGUMENT', ARGUMENT)}

struct header {
${fields(HEADER)}
};

struct monitor {
${fields(MONITOR)}
};

struct record {
	unsigned char op, role;
	unsigned short step;
	unsigned int number, into, unless;
	unsigned char kinds[6], tolerated[TOLERATED];
	unsigned int reserved;
	unsigned long args[6];
};

_Static_assert(sizeof(struct record) == ${RECORD.size}, "wire.ts and plan.h disagree");
_Static_assert(__builtin_offsetof(struct record, args) == ${RECORD.args}, "wire.ts and plan.h disagree");

#endif
`

export const startHeader =
  (): string => `/* Generated from src/linux/premises/wire.ts by native/generate.ts. */
#ifndef START_H
#define START_H

#define START_MAGIC 0x${START_MAGIC.toString(16)}u
#define ID_DIGITS ${ID_DIGITS}
#define SHORTEST_ID ${SHORTEST_ID}
#define CHOSEN '\\${CHOSEN.charCodeAt(0)}'
#define MOST_WORDS ${MOST_WORDS}
#define ANEW ${ANEW.map((flag) => `"${flag}"`).join(', ')}
#define SHORT_ID_DIGITS ${SHORT_ID_DIGITS}
#define SHORT_ID 0x${SHORT_ID.toString(16)}u
#define ROOM_BYTES ${ROOM_BYTES}
#define KEPT_VARIABLES ${KEPT_VARIABLES.map((name) => `"${name}="`).join(', ')}

${constants('ARGUMENT', PREMISE_ARGUMENT)}

${constants('EXPECT', EXPECT)}

struct header {
${fields(START_HEADER)}
};

struct word_anew {
${fields(WORD)}
};

struct premise {
	unsigned int number, into;
	unsigned char kinds[6], expect, reserved;
	unsigned int offset, length, expected, padding;
	long result;
	unsigned long args[6];
};

_Static_assert(sizeof(struct premise) == ${PREMISE.size}, "wire.ts and start.h disagree");
_Static_assert(__builtin_offsetof(struct premise, args) == ${PREMISE.args}, "wire.ts and start.h disagree");

#endif
`

if (process.argv[1] === import.meta.filename || process.argv[1] === new URL(import.meta.url).pathname) {
  writeFileSync(new URL('plan.h', import.meta.url), planHeader())
  writeFileSync(new URL('start.h', import.meta.url), startHeader())
}

/** Writes native/plan.h from src/plan/wire.ts: `npm run generate`. */
import { writeFileSync } from 'node:fs'
import { ARGUMENT, FLAG, HEADER, MAGIC, OP, RECORD, ROLE, TOLERATED } from '../src/plan/wire.ts'

const constants = (prefix: string, values: Record<string, number>): string =>
  Object.entries(values)
    .map(([name, value]) => `#define ${prefix}_${name} ${value}`)
    .join('\n')

export const planHeader = (): string => `/* Generated from src/plan/wire.ts by native/generate.ts. */
#ifndef PLAN_H
#define PLAN_H

#define PLAN_MAGIC 0x${MAGIC.toString(16)}u
#define TOLERATED ${TOLERATED}

${constants('FLAG', FLAG)}

${constants('OP', OP)}

${constants('ROLE', ROLE)}

${constants('ARGUMENT', ARGUMENT)}

struct header {
${HEADER.map((field) => `\tunsigned int ${field};`).join('\n')}
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

if (process.argv[1] === import.meta.filename || process.argv[1] === new URL(import.meta.url).pathname) {
  writeFileSync(new URL('plan.h', import.meta.url), planHeader())
}

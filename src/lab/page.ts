/** A lesson as a page: what it says of itself, then a real run. */
import type { Lesson } from './lesson.ts'

/** All but the run: it follows from the lesson alone. */
export function pageHead({ name, summary, steps }: Lesson): string {
  const claims = steps.map(({ claim }, i) => `${i + 1}. ${claim}`).join('\n')
  const first = steps.findIndex((one) => one.do) + 1
  const skip = first > 0 ? ` Leave out what a step does: \`tinyctr lab --skip ${first} ${name}\`.` : ''
  return `# ${name}: ${summary}\n\n${claims}\n\nRun it: \`tinyctr lab ${name}\`.${skip}\n\n`
}

export const contentsLine = ({ group, name, summary }: Lesson): string =>
  `| ${group} | [${name}](${name}.md) | ${summary} |`

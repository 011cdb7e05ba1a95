/** `tinyctr doctor`: what this machine has of what containers need, and what mends the rest. */
import { examineHost } from '../../engine/doctor/examine.ts'
import type { Finding } from '../../engine/doctor/finding.ts'
import { defineCommand } from '../command.ts'
import { print } from '../screen/output.ts'

export const doctor = defineCommand({
  usage: '[OPTIONS]',
  summary: 'Check this machine, and say what mends it',
  examples: ['tinyctr doctor', 'tinyctr doctor --format json'],
  flags: { format: { takes: 'one', value: 'FORMAT', choices: ['table', 'json'], help: 'table or json' } },
  least: 0,
  most: 0,
  async execute({ flags: { format = 'table' }, folders, environment }) {
    const findings = examineHost(folders.dataRoot)
    const colours = process.stdout.isTTY && !environment.NO_COLOR
    print(format === 'json' ? JSON.stringify(findings, undefined, 2) : describeFindings(findings, colours))
    return findings.some(({ state }) => state === 'missing') ? 1 : 0
  },
})

const marks = { good: ['ok', 32], limited: ['limited', 33], missing: ['MISSING', 31] } as const

/** A line a finding, the cure below what needs one. */
export function describeFindings(findings: readonly Finding[], colours: boolean): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length)) + 2
  return findings
    .flatMap(({ subject, state, fact, cure }) => {
      const [word, colour] = marks[state]
      const mark = colours ? `\x1b[${colour}m${word.padEnd(9)}\x1b[0m` : word.padEnd(9)
      const line = `${mark}${subject.padEnd(width)}${fact}`
      return cure === undefined ? [line] : [line, `${' '.repeat(9 + width)}cure: ${cure}`]
    })
    .join('\n')
}

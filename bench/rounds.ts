/** Contenders measured in turn, so that all meet the same noise; and the table of what came out. */
import { setTimeout } from 'node:timers/promises'
import type { Sample, Timer } from './timer.ts'

export interface Contender {
  readonly name: string
  readonly timer: Timer
  /** @param run a number that no other run has */
  readonly command: (run: number) => readonly string[]
}

export type Samples = ReadonlyMap<string, readonly Sample[]>

/** The number after `-n`. */
export function roundsFrom(args: readonly string[], otherwise: number): number {
  const at = args.indexOf('-n')
  const rounds = at < 0 ? otherwise : Number(args[at + 1])
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`-n takes a number of rounds: ${args[at + 1]}`)
  return rounds
}

const WARM_UP = 3

/**
 * Each round starts with another contender: nobody always runs after the same one. The pause is for what the kernel does
 * later, such as taking network namespaces apart.
 */
export async function measureRounds(
  contenders: readonly Contender[],
  rounds: number,
  pauseMilliseconds = 0,
): Promise<Samples> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]))
  let run = 0
  for (let round = -WARM_UP; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const { name, timer, command } = contenders[(i + round + WARM_UP) % contenders.length]!
      if (pauseMilliseconds > 0) await setTimeout(pauseMilliseconds)
      const sample = await timer.measure(command(run++))
      if (round >= 0) samples.get(name)!.push(sample)
    }
  }
  return samples
}

export interface Summary {
  readonly wall: { readonly min: number; readonly median: number }
  readonly cpu: { readonly min: number; readonly median: number }
}

export function summarize(samples: readonly Sample[]): Summary {
  const of = (pick: (sample: Sample) => number) => {
    const sorted = samples.map(pick).sort((a, b) => a - b)
    return { min: sorted[0]!, median: sorted[sorted.length >> 1]! }
  }
  return { wall: of((sample) => sample.wallMilliseconds), cpu: of((sample) => sample.cpuMilliseconds) }
}

/** Milliseconds of everybody, and `ours` as a ratio of each. */
export function printTable(title: string, samples: Samples, ours: string): void {
  const own = summarize(samples.get(ours)!)
  const cell = (value: number): string => value.toFixed(2).padStart(8)
  console.log(
    `${title}\n${''.padEnd(22)}wall min  median  CPU min  median   ours/it: wall min  median     CPU`,
  )
  for (const [name, list] of samples) {
    const { wall, cpu } = summarize(list)
    const ratio =
      name === ours
        ? ''
        : `          ${cell(own.wall.min / wall.min)}${cell(own.wall.median / wall.median)}${cell(own.cpu.median / cpu.median)}`
    console.log(
      `${name.padEnd(22)}${cell(wall.min)}${cell(wall.median)} ${cell(cpu.min)}${cell(cpu.median)}${ratio}`,
    )
  }
}

/** A bar that is to be met: said, not enforced, since the machine may be noisy. */
export function printBar(what: string, value: number, most: number, unit = ''): void {
  console.log(
    `  ${value <= most ? 'met ' : 'MISS'}  ${what}: ${value.toFixed(2)}${unit}, at most ${most}${unit}`,
  )
}

/** Containers with one step left out, each really run, and compared with one that was made in full. */
import { AT } from '../../linux/abi/flags.ts'
import { readTextIfAny } from '../../linux/file.ts'
import { removeCgroup } from '../../linux/remove.ts'
import { ownCommand } from '../../runtime/own-command.ts'
import { LessonError } from '../lesson.ts'
import { OWN_NAME } from '../stage/scratch.ts'
import type { Stage } from '../stage.ts'
import { PROBE } from './probe.ts'

export interface PlannedStep {
  readonly step: number
  readonly half: 'host' | 'container' | 'cleanup'
  readonly print: string
  readonly why: string
  readonly at?: string | readonly string[]
}

export const NOTHING = 'nothing that an honest program notices'

interface Build {
  /** What a container made with a step left out is given. */
  readonly seconds: number
  readonly steps: readonly PlannedStep[]
  readonly whole: readonly string[]
}
const builds = new WeakMap<Stage, Build>()

export const readPlan = (stage: Stage): readonly PlannedStep[] => build(stage).steps

function build(stage: Stage): Build {
  const known = builds.get(stage)
  if (known) return known
  stage.atEnd(() => removeCgroup(`${stage.cgroups}/${OWN_NAME}-build`))
  const { code, text } = tinyctr(stage, ['plan', '--json', '--rm', ...request()], MOST_SECONDS)
  if (code !== 0) throw new LessonError(`Cannot plan a container: ${text}`)
  const { steps } = JSON.parse(text) as { steps: PlannedStep[] }
  const begin = performance.now()
  const whole = look(stage, [])
  const seconds = Math.max(LEAST_SECONDS, Math.ceil((TIMES * (performance.now() - begin)) / 1000))
  if (whole.code !== 0) throw new LessonError(`Cannot make the whole container: ${whole.lines.join('\n')}`)
  const made = { steps, whole: whole.lines, seconds }
  builds.set(stage, made)
  return made
}

export function sameAsNative(stage: Stage) {
  const { whole, steps } = build(stage)
  const byFfi = look(stage, ['--executor', 'ffi']).lines
  return {
    container: {
      from: 'a shell in it, asked for what it sees',
      'calls in the plan': steps.length,
      'lines seen': whole.length,
      differences: differences(whole, byFfi).length,
    },
  }
}

/** In a few words what such a container lacks, or why there is none. */
export function whatBreaks(stage: Stage, { step, half }: PlannedStep): string {
  const before = new Set(leftovers(stage).map(({ path }) => path))
  const { code, lines } = look(stage, ['--skip', String(step)], build(stage).seconds)
  if (half === 'cleanup') {
    const left = leftovers(stage)
      .filter(({ path }) => !before.has(path))
      .map(({ what }) => what)
    return left.length > 0 ? `${left.join(', ')} left behind, until the next command finds it` : NOTHING
  }
  if (code === TIMED_OUT) return 'it never starts: one half waits for the other for ever'
  if (code !== 0) {
    const message = lines.find((line) => line.startsWith('tinyctr: ')) ?? lines.at(-1) ?? ''
    const meaning = lines.find((line) => line.startsWith('  means  '))?.slice('  means  '.length)
    return `it does not start: ${(meaning ?? message.replace('tinyctr: ', '')) || `exit code ${code}`}`
  }
  const changed = summarised(differences(build(stage).whole, lines))
  if (changed.length === 0) return NOTHING
  return `${changed.slice(0, MOST).join('\n')}${changed.length > MOST ? `\nand ${changed.length - MOST} more` : ''}`
}

/** What containers have on the host that is still there. */
function leftovers({ host, folder, dataRoot, cgroups }: Stage): { what: string; path: string }[] {
  const places = {
    state: `${folder}/state`,
    layer: `${dataRoot}/containers`,
    cgroup: `${cgroups}/${OWN_NAME}-build`,
  }
  return Object.entries(places).flatMap(([what, folder]) =>
    host
      .list(folder)
      .filter((name) => /^[0-9a-f]{64}$/.test(name))
      .map((name) => ({ what, path: `${folder}/${name}` })),
  )
}

const MOST = 3
/** What leads back to the host shows all of it: how much is enough. */
function summarised(lines: readonly string[]): readonly string[] {
  const ofHost = lines.filter((line) => /^\+ (mount|file) /.test(line))
  if (ofHost.length <= MANY) return lines
  return [
    `+ ${ofHost.length} files and mounts of the host`,
    ...lines.filter((line) => !ofHost.includes(line)),
  ]
}

const MANY = 6
/** A step that is left out may leave one half waiting for ever: so many times as long as the whole takes is for ever. */
const TIMES = 8
const LEAST_SECONDS = 2
const MOST_SECONDS = 30
/** 128 + SIGKILL */
const TIMED_OUT = 137
const SHELL = ['sh', '-c', PROBE]
/** Written out, since the lesson is about the plan that people print. */
const request = (): string[] => [
  '--network',
  'none',
  '--pull',
  'never',
  '--cgroup-parent',
  `/${OWN_NAME}-build`,
  IMAGE,
  ...SHELL,
]
const IMAGE = 'localhost/tinyctr-fixture:latest'

function look(
  stage: Stage,
  flags: readonly string[],
  seconds = MOST_SECONDS,
): { code: number; lines: string[] } {
  const namespaces = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map(
    (kind) => `-e=HOST_${kind}=${stage.host.link(`/proc/self/ns/${kind}`)}`,
  )
  const { code, text } = tinyctr(
    stage,
    ['run', '--rm', '-e=CANARY=1', ...namespaces, ...flags, ...request()],
    seconds,
  )
  const same = text
    .replaceAll(/[0-9a-f]{64}/g, 'ID')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/\/(?:dev\/shm|tmp)\/tinyctr-lab-\d+/g, '')
    .replaceAll(/HOST_\w+=\S+\n/g, '')
  return { code, lines: same.split('\n').filter((line) => line !== '') }
}

/** Its output goes through a file: a plan is longer than a message to a subject may be. */
function tinyctr(stage: Stage, args: readonly string[], seconds: number): { code: number; text: string } {
  const { host, folder } = stage
  const out = `${folder}/output`
  host.attempt('unlinkat', [AT.FDCWD, out, 0])
  const state = ['--root', `${folder}/state`, '--data-root', stage.dataRoot]
  const command = ownCommand('').slice(0, -1)
  const { code } = host.run(
    'sh',
    '-c',
    `exec timeout -s KILL ${seconds} "$@" >${out} 2>&1 </dev/null`,
    'sh',
    ...command,
    ...state,
    ...args,
  )
  stage.takeNotes()
  return { code, text: readTextIfAny(out) ?? '' }
}

function differences(whole: readonly string[], other: readonly string[]): string[] {
  const [before, after] = [new Set(whole), new Set(other)]
  return [
    ...other.filter((line) => !before.has(line)).map((line) => `+ ${line}`),
    ...whole.filter((line) => !after.has(line)).map((line) => `- ${line}`),
  ]
}

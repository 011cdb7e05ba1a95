import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { compileExec, type ExecPlanInput } from '../../src/plan/compile-exec.ts'
import { encodePlan } from '../../src/plan/encode.ts'
import { printPlan } from '../../src/plan/print.ts'
import type { CallStep, Plan } from '../../src/plan/step.ts'
import { HOST, leastConfig } from './plan-inputs.ts'

const input = (more: Partial<ExecPlanInput> = {}): ExecPlanInput => ({
  config: leastConfig({ process: { args: ['ls'], env: ['PATH=/bin'] }, linux: {} }),
  host: HOST,
  pidfd: 5,
  namespaces: [],
  ...more,
})

const calls = (plan: Plan, half: 'host' | 'container'): CallStep[] =>
  plan[half].filter((step): step is CallStep => step.is === 'call')
const indexOf = (plan: Plan, name: string): number =>
  calls(plan, 'container').findIndex((one) => one.call === name)

test('the plan of an exec, whole', () => {
  const golden = new URL('exec-plan.golden', import.meta.url)
  const plan = compileExec(
    input({
      config: leastConfig({
        process: {
          args: ['sh'],
          terminal: true,
          execCPUAffinity: { initial: '0', final: '0-3,6' },
          apparmorProfile: 'strict',
          oomScoreAdj: 100,
          noNewPrivileges: true,
        },
        linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } },
      }),
      namespaces: ['user', 'pid', 'network', 'mount'],
      cgroup: '/sys/fs/cgroup/c',
      consoleSocket: '/run/console.sock',
      keyring: true,
      preserveFds: 2,
    }),
  )
  const printed = printPlan(plan)
  if (process.env.UPDATE_GOLDENS) writeFileSync(golden, printed)
  assert.equal(printed, readFileSync(golden, 'utf8'))
  encodePlan(plan, { architecture: 'x64', explain: { argv: ['/x'], envp: [], source: '' } })
})

test('it is not dumpable before it enters anything (CVE-2016-9962)', () => {
  const plan = compileExec(input({ namespaces: ['pid', 'mount'] }))
  const steps = calls(plan, 'container')
  const dumpable = steps.findIndex(({ call, args }) => call === 'prctl' && args[0] === 4 && args[1] === 0)
  assert.ok(dumpable >= 0 && dumpable < indexOf(plan, 'setns'))
})

test('a second clone only where the pid namespace is another', () => {
  const clones = (plan: Plan): number =>
    calls(plan, 'container').filter(({ role }) => role === 'relay').length
  assert.equal(clones(compileExec(input({ namespaces: ['mount', 'user'] }))), 0)
  assert.equal(clones(compileExec(input({ namespaces: ['mount', 'pid'] }))), 1)
})

test('the console socket is reached before the mount namespace is entered', () => {
  const config = leastConfig({ process: { terminal: true } })
  const plan = compileExec(input({ config, namespaces: ['mount'], consoleSocket: '/run/s' }))
  assert.ok(calls(plan, 'host').some(({ call }) => call === 'connect'))
  assert.equal(indexOf(plan, 'connect'), -1)
})

test('a list of processors that is none is an error with its place', () => {
  for (const initial of ['a', '3-1', '1-', '99999'])
    assert.throws(
      () => compileExec(input({ config: leastConfig({ process: { execCPUAffinity: { initial } } }) })),
      {
        name: 'ConfigError',
        at: '/process/execCPUAffinity/initial',
      },
    )
})

test('where devices cannot be filtered, an exec cannot make any either', () => {
  const names = ['CAP_MKNOD', 'CAP_KILL']
  const config = leastConfig({
    process: { capabilities: { bounding: names, effective: names, permitted: names } },
    linux: { resources: { devices: [{ allow: false, access: 'rwm' }] } },
  })
  const effective = (cgroupBpf: boolean): unknown =>
    calls(compileExec(input({ config, host: { ...HOST, cgroupBpf } })), 'container').find(
      ({ call }) => call === 'capset',
    )?.args[1]
  const kill = 1n << 5n
  const mknod = 1n << 27n
  assert.deepEqual(effective(true), { effective: kill | mknod, permitted: kill | mknod, inheritable: 0n })
  assert.deepEqual(effective(false), { effective: kill, permitted: kill, inheritable: 0n })
})

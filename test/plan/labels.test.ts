import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePlan } from '../../src/plan/compile.ts'
import { HOST, leastInput, type Wishes } from './plan-inputs.ts'

const compile = (wishes: Wishes, securityModules: string[]) =>
  compilePlan(leastInput(wishes, { host: { ...HOST, securityModules } }))

test('a label needs its security module, in runc’s words', () => {
  const selinux = /selinux label is specified in config, but selinux is disabled or not supported/
  const cases: [Wishes, string, string, RegExp][] = [
    [{ process: { selinuxLabel: 'a:b:c' } }, 'selinux', '/process/selinuxLabel', selinux],
    [{ linux: { mountLabel: 'a:b:c' } }, 'selinux', '/linux/mountLabel', selinux],
    [
      { process: { apparmorProfile: 'engine-default' } },
      'apparmor',
      '/process/apparmorProfile',
      /apparmor: config provided but apparmor not supported/,
    ],
  ]
  for (const [wishes, module, at, words] of cases) {
    assert.throws(() => compile(wishes, []), { name: 'ConfigError', at, message: words }, at)
    compile(wishes, [module])
  }
  compile({ process: { apparmorProfile: 'unconfined', selinuxLabel: '' }, linux: { mountLabel: '' } }, [])
})

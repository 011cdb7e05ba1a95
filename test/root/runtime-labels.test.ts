/** Labels and shares that this kernel does not have: an error at the field that asks, before anything is made. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Linux, Process } from '../../src/oci/runtime-spec.ts'
import { runtimeDoorForTests, skip } from './runtime-door.ts'

const door = runtimeDoorForTests()
const isEnabled = '/sys/module/apparmor/parameters/enabled'
const hasApparmor = existsSync(isEnabled) && readFileSync(isEnabled, 'utf8').startsWith('Y')
const hasSelinux = existsSync('/sys/fs/selinux/enforce')

function refused(linux: Linux, process: Partial<Process>, words: RegExp): void {
  const namespaces = [{ type: 'mount' as const }]
  door.configure(['true'], { linux: { namespaces, ...linux } }, process)
  const { status, stderr } = door.call(['create', '--bundle', door.bundle, 'c1'])
  assert.equal(status, 1)
  assert.match(stderr, words)
  assert.deepEqual(door.leftovers(), [])
}

test('SELinux', { skip: skip || (hasSelinux && 'SELinux is in force here') }, () => {
  const words = /selinux label is specified in config, but selinux is disabled or not supported/
  refused({}, { selinuxLabel: 'system_u:system_r:container_t:s0' }, words)
  refused({ mountLabel: 'system_u:object_r:container_file_t:s0' }, {}, words)
})

test('AppArmor', { skip: skip || (hasApparmor && 'AppArmor is in force here') }, () => {
  refused({}, { apparmorProfile: 'engine-default' }, /apparmor: config provided but apparmor not supported/)
})

test('Intel RDT', { skip: skip || (existsSync('/sys/fs/resctrl/schemata') && 'resctrl is here') }, () => {
  refused(
    { intelRdt: { closID: 'gold' } },
    {},
    /intelRdt is specified in config, but Intel RDT is not supported or enabled/,
  )
})

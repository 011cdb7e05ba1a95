/** `tinyctr plan`, and what `run` does with images, labels and bundles. */
import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { IMAGE, skip, tinyctrForTests } from './tinyctr.ts'

const tinyctr = tinyctrForTests()

interface PrintedStep {
  step: number
  half: string
  is: string
  print: string
  why: string
}

const planOf = (...flags: string[]): PrintedStep[] => {
  const { status, stdout, stderr } = tinyctr.command(['plan', '--json', ...flags, IMAGE, 'true'])
  assert.equal(status, 0, stderr)
  return (JSON.parse(stdout) as { steps: PrintedStep[] }).steps
}

describe('plan', { skip }, () => {
  test('--json is whole: numbered from 1, in its halves, each with a reason', () => {
    const steps = planOf()
    assert.deepEqual(
      steps.map(({ step }) => step),
      steps.map((_, i) => i + 1),
    )
    assert.deepEqual([...new Set(steps.map(({ half }) => half))], ['host', 'container', 'cleanup'])
    assert.ok(steps.every(({ why, print }) => why !== '' && print !== ''))
    assert.match(steps.filter(({ half }) => half === 'container').at(-1)!.print, /^execve\(/)
  })

  test('the default container takes about 120 steps at most', () => {
    assert.ok(planOf().length <= 125)
  })

  test('printed, every step has its number and --step N shows that one', () => {
    const { stdout } = tinyctr.command(['plan', IMAGE, 'true'])
    const numbers = [...stdout.matchAll(/^ *(\d+) \S/gm)].map(([, number]) => Number(number))
    assert.equal(numbers.length, planOf().length)
    const one = tinyctr.command(['plan', '--step', '5', IMAGE, 'true']).stdout
    assert.match(one, /^ *step 5 of \d+/)
    const none = tinyctr.command(['plan', '--step', '9999', IMAGE, 'true'])
    assert.equal(none.status, 125)
    assert.match(none.stderr, /no step 9999/)
  })

  test('flags are seen in it, with where they come from', () => {
    const text = tinyctr.command(['plan', '--hostname', 'box', '--read-only', IMAGE, 'true']).stdout
    assert.match(text, /sethostname\("box"\)/)
    assert.match(text, /\/root\/readonly/)
  })

  test('nothing is started and nothing made', () => {
    planOf('-v', `${tinyctr.folder}/from-plan:/data`)
    const unmade = `${tinyctr.folder}/own-unmade`
    const { status } = tinyctr.command(['--root', unmade, 'plan', '-it', IMAGE], { input: '' })
    assert.deepEqual({ status, made: existsSync(unmade) }, { status: 0, made: false })
    assert.equal(existsSync(`${tinyctr.folder}/from-plan`), false)
    assert.deepEqual(tinyctr.leftovers(), [])
  })
})

describe('images', { skip }, () => {
  test('--pull never: an unknown image is an error; missing and never take what is there', () => {
    const { status, stderr } = tinyctr.run(['--pull', 'never'], ['true'], { image: 'localhost/unknown' })
    assert.equal(status, 125)
    assert.match(stderr, /No such image: localhost\/unknown/)
    assert.equal(tinyctr.run(['--pull', 'never'], ['true']).status, 0)
    assert.equal(tinyctr.run(['--pull', 'missing'], ['true']).status, 0)
  })

  test('--pull always does not take what is there', () => {
    const { status, stderr } = tinyctr.run(['--pull', 'always'], ['true'])
    assert.equal(status, 125)
    assert.match(stderr, /Cannot reach localhost/)
  })

  test('--platform: what is there is not taken for another machine', () => {
    const { status, stderr } = tinyctr.run(['--pull', 'never', '--platform', 'linux/s390x'], ['true'])
    assert.equal(status, 125)
    assert.match(stderr, /No such image: localhost\/box:latest for linux\/s390x/)
  })

  test('--name, --label, --annotation, --stop-signal, --stop-timeout are accepted', () => {
    const flags = ['--name', 'me', '-l', 'a=b', '--annotation', 'c=d', '--stop-signal', 'INT']
    assert.equal(tinyctr.inside([...flags, '--stop-timeout', '3'], 'echo ran'), 'ran')
    assert.match(tinyctr.run(['--name', '-bad'], ['true']).stderr, /Invalid container name|invalid/i)
    assert.match(tinyctr.run(['--stop-signal', 'NOPE'], ['true']).stderr, /invalid signal: NOPE/)
  })
})

describe('bundles', { skip }, () => {
  const bundle = (): string => {
    const folder = join(tinyctr.folder, 'bundle')
    if (existsSync(folder)) return folder
    mkdirSync(folder)
    const [layer] = readdirSync(`${tinyctr.dataRoot}/l`)
    const tree = realpathSync(`${tinyctr.dataRoot}/l/${layer}`)
    cpSync(tree, join(folder, 'rootfs'), { recursive: true, verbatimSymlinks: true })
    const config = {
      ociVersion: '1.2.0',
      process: {
        user: { uid: 0, gid: 0 },
        args: ['/bin/sh', '-c', 'hostname; exit 6'],
        cwd: '/',
        env: ['PATH=/bin'],
      },
      root: { path: 'rootfs' },
      hostname: 'bundled',
      mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
      linux: {
        namespaces: ['pid', 'mount', 'uts', 'ipc', 'network'].map((type) => ({ type })),
        cgroupsPath: `${tinyctr.cgroupParent}/bundle`,
      },
    }
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
    return folder
  }

  test('run --bundle DIR [ID] and plan --bundle DIR', () => {
    const folder = bundle()
    const { status, stdout, stderr } = tinyctr.command(['run', '--bundle', folder, 'my-id'])
    assert.deepEqual({ status, stdout, stderr }, { status: 6, stdout: 'bundled\n', stderr: '' })
    assert.match(tinyctr.command(['plan', '--bundle', folder]).stdout, /sethostname\("bundled"\)/)
    const relative = tinyctr.command(['run', '--bundle', 'bundle'], { cwd: tinyctr.folder })
    assert.equal(relative.status, 6)
  })

  test('other flags mean nothing with it', () => {
    const { status, stderr } = tinyctr.command(['run', '--bundle', bundle(), '--hostname', 'x'])
    assert.equal(status, 125)
    assert.match(stderr, /--hostname means nothing with --bundle/)
  })
})

test('hooks of a bundle that people run, with the state on their standard input', { skip }, () => {
  const bundle = join(tinyctr.folder, 'own-hooks')
  mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true })
  cpSync('/bin/busybox', join(bundle, 'rootfs/bin/echo'))
  const hook = (name: string) => [{ path: '/bin/sh', args: ['sh', '-c', `cat >>${bundle}/${name}`] }]
  const config = {
    ociVersion: '1.3.0',
    root: { path: 'rootfs' },
    process: { cwd: '/', args: ['/bin/echo', 'ran'], env: [] },
    linux: { namespaces: [{ type: 'pid' }, { type: 'mount' }] },
    hooks: { prestart: hook('prestart'), poststart: hook('poststart'), poststop: hook('poststop') },
  }
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
  for (const id of ['hooked-1', 'hooked-2']) {
    const { status, stdout, stderr } = tinyctr.command(['run', '--no-cgroup', '--bundle', bundle, id])
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'ran\n', stderr: '' })
    for (const [name, told] of [
      ['prestart', 'created'],
      ['poststart', 'running'],
      ['poststop', 'stopped'],
    ]) {
      const state = JSON.parse(readFileSync(join(bundle, name!), 'utf8')) as Record<string, unknown>
      rmSync(join(bundle, name!))
      assert.deepEqual([state.id, state.status, state.bundle], [id, told, bundle])
    }
  }
})

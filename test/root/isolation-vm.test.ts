/** `--isolation vm`: the same container, in a kernel of its own. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { skip, tinyctrForTests } from './tinyctr.ts'

const needed =
  skip || (!existsSync('/usr/bin/linux.uml') && 'needs linux.uml (apt-get install user-mode-linux)')

describe('--isolation vm', { skip: needed }, () => {
  const tinyctr = needed ? (undefined as never) : tinyctrForTests()
  const vm = ['--isolation', 'vm']

  test('has another kernel than the host', () => {
    const { status, stdout, stderr } = tinyctr.run(vm, ['uname', '-r'])
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    assert.notEqual(stdout.trim(), release())
  })

  test('keeps the streams apart and passes the exit code on', () => {
    const { status, stdout, stderr } = tinyctr.run(vm, ['sh', '-c', 'echo out; echo err >&2; exit 7'])
    assert.deepEqual({ status, stdout, stderr }, { status: 7, stdout: 'out\n', stderr: 'err\n' })
  })

  test('reads standard input to its end', () => {
    const input = 'one line\nand a last one without an end'
    const { status, stdout } = tinyctr.run([...vm, '-i'], ['cat'], { input })
    assert.deepEqual({ status, stdout }, { status: 0, stdout: input })
  })

  test('has volumes, limits, names and variables as a container has', () => {
    const volume = join(tinyctr.folder, 'own-volume')
    mkdirSync(volume)
    writeFileSync(join(volume, 'file'), 'from the host\n')
    const script =
      'cat /v/file; echo from inside >/v/answer; hostname; echo $A; cat /sys/fs/cgroup/memory.max; echo $$; id -u'
    const flags = [...vm, '-v', `${volume}:/v`, '-e', 'A=b', '--hostname', 'box', '-m', '64m']
    const { stdout, stderr } = tinyctr.run(flags, ['sh', '-c', script])
    assert.deepEqual(
      { stdout, stderr },
      { stdout: `from the host\nbox\nb\n${64 * 2 ** 20}\n1\n0\n`, stderr: '' },
    )
    assert.equal(readFileSync(join(volume, 'answer'), 'utf8'), 'from inside\n')
  })

  test('writes to a layer of its own: the image stays as it was', () => {
    assert.equal(tinyctr.run(vm, ['sh', '-c', 'echo x >/bin/new && ls /bin/new']).stdout, '/bin/new\n')
    assert.equal(tinyctr.run(vm, ['ls', '/bin/new']).status, 1)
  })

  test('explains a failed step as a container does', () => {
    const { status, stderr } = tinyctr.run(vm, ['no-such-program'])
    assert.equal(status, 127)
    assert.match(stderr, /^tinyctr: Cannot run no-such-program /m)
  })

  test('says which flags cannot stand with it', () => {
    const { status, stderr } = tinyctr.run([...vm, '--device', '/dev/null'], ['true'])
    assert.equal(status, 125)
    assert.match(stderr, /--device cannot stand with --isolation vm/)
  })
})

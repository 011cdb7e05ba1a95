/** `--isolation vm`: the same container, in a kernel of its own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { onTerminal } from './terminal.ts'
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

  test('takes any bytes, far more than any buffer on their way', () => {
    const input = randomBytes(400_000)
    const sum = createHash('sha256').update(input).digest('hex')
    const { status, stdout } = tinyctr.run([...vm, '-i'], ['sha256sum'], { input })
    assert.deepEqual({ status, stdout }, { status: 0, stdout: `${sum}  -\n` })
  })

  test('input that nobody reads stands in nobody’s way', () => {
    const { status } = tinyctr.run([...vm, '-i'], ['sh', '-c', 'exit 3'], { input: randomBytes(400_000) })
    assert.equal(status, 3)
  })

  test('gets the signals that are sent to tinyctr', async () => {
    const script = 'trap "echo heard; exit 9" TERM; echo ready; while :; do sleep 0.1; done'
    const child = tinyctr.start(tinyctr.runArguments(vm, ['sh', '-c', script]))
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      if (output === '') child.kill('SIGTERM')
      output += chunk
    })
    const [code] = (await once(child, 'close')) as [number | null]
    assert.deepEqual({ code, output }, { code: 9, output: 'ready\nheard\n' })
  })

  test('has a terminal: keys, Ctrl-C, the size and its changes', () => {
    const script = `stty size; read line; echo got $line
      trap "stty size" WINCH; trap "exit 5" INT; echo ready; while :; do sleep 0.1; done`
    const { output, code, restored } = onTerminal(
      tinyctr,
      [
        ['expect', '33 99'],
        ['send', 'hello\r'],
        ['expect', 'got hello'],
        ['expect', 'ready'],
        ['resize', 40, 120],
        ['expect', '40 120'],
        ['send', '\x03'],
      ],
      [...vm, '-i', '-t'],
      ['sh', '-c', script],
    )
    assert.deepEqual({ code, restored }, { code: 5, restored: true }, output)
    assert.match(output, /^tinyctr: booting Linux \S+ \(.+\)$/m)
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
    const detached = tinyctr.run([...vm, '--detach'], ['true'])
    assert.match(detached.stderr, /--detach cannot stand with --isolation vm/)
    const bridged = tinyctr.run([...vm, '-p', '80:80'], ['true'])
    assert.match(bridged.stderr, /no network but the loopback/)
  })

  test('says what a machine of this kind would need', () => {
    const options = { env: { TINYCTR_VM_KERNEL: '/nowhere/vmlinuz-1' } }
    const { status, stderr } = tinyctr.run(['--isolation', 'vm:emulation'], ['true'], options)
    assert.equal(status, 125)
    assert.match(stderr, /apt-get install qemu-system-x86 linux-image-amd64/)
  })
})

const kernel = existsSync('/usr/bin/qemu-system-x86_64')
  ? spawnSync(join(import.meta.dirname, '../host/kernel'), { encoding: 'utf8' }).stdout.trim()
  : ''
const lacking =
  skip || (kernel === '' && 'needs QEMU and a kernel (apt-get install qemu-system-x86 linux-image-amd64)')

describe('--isolation vm:emulation', { skip: lacking }, () => {
  const tinyctr = lacking ? (undefined as never) : tinyctrForTests()

  test('streams, exit code, a volume and a limit in the kernel that QEMU boots', () => {
    const volume = join(tinyctr.folder, 'own-volume-of-qemu')
    mkdirSync(volume)
    writeFileSync(join(volume, 'file'), 'from the host\n')
    const input = randomBytes(100_000)
    const sum = createHash('sha256').update(input).digest('hex')
    const script = `cat /v/file; echo from inside >/v/answer; cat /sys/fs/cgroup/memory.max; echo x >/bin/new
      uname -r; sha256sum; echo err >&2; exit 7`
    const { status, stdout, stderr } = tinyctr.run(
      ['--isolation', 'vm:emulation', '-i', '-v', `${volume}:/v`, '-m', '64m'],
      ['sh', '-c', script],
      { input, env: { TINYCTR_VM_KERNEL: kernel }, timeout: 300_000 },
    )
    const release = kernel.replace(/.*vmlinuz-/, '')
    assert.deepEqual(
      { status, stdout, stderr },
      { status: 7, stdout: `from the host\n${64 * 2 ** 20}\n${release}\n${sum}  -\n`, stderr: 'err\n' },
    )
    assert.equal(readFileSync(join(volume, 'answer'), 'utf8'), 'from inside\n')
  })
})

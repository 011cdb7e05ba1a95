/** containerd with tinyctr as its runtime: `ctr`, and a pod of two containers by the CRI as a kubelet asks for it. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Containerd } from './containerd.ts'
import { type Cri, connectCri } from './cri.ts'
import { IMAGE, isUnified, needsRoot, runtime } from './runtime.ts'
import { missingProgram } from './sandbox.ts'

const missing = missingProgram('containerd', 'ctr', 'python3')
const skip = needsRoot || (missing !== undefined && `needs ${missing} (apt-get install containerd)`)
const binary = ['--runc-binary', runtime.path]
const loop = ['sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.1; done']

describe('containerd', { skip }, () => {
  let containerd: Containerd
  before(async () => {
    containerd = await Containerd.open()
  })
  after(() => containerd?.close())

  const ok = (...args: string[]): string => {
    const { status, stdout, stderr } = containerd.ctr(...args)
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout.trim()
  }
  const run = (name: string, ...command: string[]) =>
    containerd.ctr('run', ...binary, '--rm', IMAGE, name, ...command)
  const status = (name: string): string | undefined =>
    new RegExp(`^${name}\\s+\\d+\\s+(\\S+)`, 'm').exec(ok('task', 'ls'))?.[1]
  const withTask = async (name: string, command: readonly string[], body: () => void | Promise<void>) => {
    ok('run', ...binary, '-d', IMAGE, name, ...command)
    try {
      await body()
    } finally {
      containerd.ctr('task', 'rm', '-f', name)
    }
    assert.equal(status(name), undefined)
    ok('container', 'rm', name)
  }
  const until = async (name: string, wanted: string): Promise<void> => {
    for (let left = 100; status(name) !== wanted && left > 0; left--)
      await new Promise((next) => setTimeout(next, 50))
    assert.equal(status(name), wanted)
  }

  describe('ctr', () => {
    test('run: output, exit code, user, folder, environment, read-only root', () => {
      assert.equal(run('one', 'echo', 'hello').stdout, 'hello\n')
      assert.equal(run('one', 'sh', '-c', 'exit 7').status, 7)
      const flags = ['--read-only', '--cwd', '/tmp', '--env', 'A=b', '--seccomp']
      const script = 'echo $A $PWD; grep Seccomp: /proc/1/status; touch /x'
      const { stdout, stderr } = containerd.ctr(
        'run',
        ...binary,
        '--rm',
        ...flags,
        IMAGE,
        'one',
        'sh',
        '-c',
        script,
      )
      assert.equal(stdout, 'b /tmp\nSeccomp:\t2\n')
      assert.match(stderr, /Read-only file system/)
    })

    test('run -t', () => {
      const { output, code } = containerd.onTerminal(
        [
          ['send', 'hello\r'],
          ['expect', 'got hello'],
        ],
        ...['run', ...binary, '--rm', '-t', IMAGE, 'typed', 'sh', '-c', 'read line; echo got $line; exit 4'],
      )
      assert.equal(code, 4, output)
    })

    test('a failing start says why, and leaves nothing', () => {
      assert.match(run('absent', '/nothing').stderr, /OCI runtime create failed: .*no such file or directory/)
      assert.match(run('folder', '/etc/passwd').stderr, /permission denied/)
      assert.doesNotMatch(ok('task', 'ls'), /absent|folder/)
    })

    test('exec, exec -t, ps', async () => {
      await withTask('busy', loop, () => {
        assert.equal(ok('task', 'exec', '--exec-id', 'a', 'busy', 'echo', 'inside'), 'inside')
        const failed = containerd.ctr('task', 'exec', '--exec-id', 'b', 'busy', 'sh', '-c', 'exit 5')
        assert.equal(failed.status, 5)
        const typed = containerd.onTerminal(
          [
            ['send', 'hello\r'],
            ['expect', 'got hello'],
          ],
          ...[
            'task',
            'exec',
            '-t',
            '--exec-id',
            'c',
            'busy',
            'sh',
            '-c',
            'read line; echo got $line; exit 6',
          ],
        )
        assert.equal(typed.code, 6, typed.output)
        const [, pid] = /^busy\s+(\d+)/m.exec(ok('task', 'ls')) ?? []
        assert.match(ok('task', 'ps', 'busy'), new RegExp(`^${pid} `, 'm'))
      })
    })

    test('pause, resume, kill, kill --all', async () => {
      await withTask('mortal', loop, async () => {
        ok('task', 'pause', 'mortal')
        assert.equal(status('mortal'), 'PAUSED')
        ok('task', 'resume', 'mortal')
        assert.equal(status('mortal'), 'RUNNING')
        ok('task', 'kill', '-s', 'TERM', 'mortal')
        await until('mortal', 'STOPPED')
      })
      await withTask('family', ['sh', '-c', 'sleep 1000 & sleep 1000'], async () => {
        ok('task', 'kill', '-a', '-s', 'KILL', 'family')
        await until('family', 'STOPPED')
      })
    })

    test('limits', { skip: !isUnified && 'needs cgroup v2 with its controllers' }, () => {
      const limits = ['--memory-limit', '67108864', '--cpu-quota', '50000', '--cpu-period', '100000']
      const files = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/cpu.max']
      const { stdout, stderr } = containerd.ctr(
        'run',
        ...binary,
        '--rm',
        ...limits,
        IMAGE,
        'small',
        'cat',
        ...files,
      )
      assert.equal(stdout, '67108864\n50000 100000\n', stderr)
    })
  })

  describe('CRI', () => {
    let cri: Cri
    before(() => {
      cri = connectCri(containerd.socket)
    })
    after(() => cri?.close())

    test('a pod of two containers', async () => {
      const logs = join(containerd.sandbox.folder, 'logs')
      mkdirSync(logs)
      const namespaces = { network: 'NODE', pid: 'CONTAINER' }
      const pod = {
        metadata: { name: 'pod', uid: '1', namespace: 'test', attempt: 0 },
        log_directory: logs,
        linux: { security_context: { namespace_options: namespaces } },
      }
      const { pod_sandbox_id } = await cri.call('RunPodSandbox', { config: pod })
      const start = async (name: string, script: string): Promise<string> => {
        const config = {
          metadata: { name },
          image: { image: IMAGE },
          command: ['sh', '-c', script],
          envs: [{ key: 'NAME', value: name }],
          log_path: `${name}.log`,
          linux: {
            resources: { oom_score_adj: 500, ...(isUnified ? { memory_limit_in_bytes: 67108864 } : {}) },
            security_context: { namespace_options: namespaces, no_new_privs: true, seccomp: {} },
          },
        }
        const { container_id } = await cri.call('CreateContainer', {
          pod_sandbox_id,
          config,
          sandbox_config: pod,
        })
        await cri.call('StartContainer', { container_id })
        return container_id!
      }
      const exec = async (container_id: string, ...cmd: string[]) => {
        const { stdout, exit_code } = await cri.call('ExecSync', { container_id, cmd, timeout: 20 })
        return { stdout: `${stdout}`, code: Number(exit_code) }
      }
      const one = await start('one', 'echo from $NAME; trap "exit 3" TERM; while :; do sleep 0.1; done')
      const two = await start('two', 'trap "" TERM; while :; do sleep 0.1; done')
      assert.deepEqual(await exec(one, 'sh', '-c', 'echo in $NAME; exit 5'), { stdout: 'in one\n', code: 5 })
      assert.equal((await exec(two, 'cat', '/proc/self/oom_score_adj')).stdout, '500\n')
      assert.match((await exec(two, 'grep', 'Seccomp:', '/proc/1/status')).stdout, /2$/m)
      const ipc = async (id: string) => (await exec(id, 'readlink', '/proc/self/ns/ipc')).stdout
      assert.equal(await ipc(one), await ipc(two))
      if (isUnified) {
        await cri.call('UpdateContainerResources', {
          container_id: one,
          linux: { cpu_period: 100000, cpu_quota: 50000 },
        })
        assert.equal((await exec(one, 'cat', '/sys/fs/cgroup/cpu.max')).stdout, '50000 100000\n')
        assert.equal((await exec(one, 'cat', '/sys/fs/cgroup/memory.max')).stdout, '67108864\n')
      }
      assert.match(readFileSync(join(logs, 'one.log'), 'utf8'), / stdout F from one\n/)

      const ended = async (container_id: string, timeout: number) => {
        await cri.call('StopContainer', { container_id, timeout })
        const { status } = await cri.call('ContainerStatus', { container_id })
        const { state, exit_code } = status as unknown as { state: string; exit_code: number }
        await cri.call('RemoveContainer', { container_id })
        return { state, code: exit_code }
      }
      assert.deepEqual(await ended(one, 10), { state: 'CONTAINER_EXITED', code: 3 })
      assert.deepEqual(await ended(two, 1), { state: 'CONTAINER_EXITED', code: 137 })
      await cri.call('StopPodSandbox', { pod_sandbox_id })
      await cri.call('RemovePodSandbox', { pod_sandbox_id })
    })
  })
})

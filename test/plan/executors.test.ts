/** One plan, two executors: what the container sees of itself must be the same. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readlinkSync, rmSync } from 'node:fs'
import { after, test } from 'node:test'
import type { Config } from '../../src/oci/runtime-spec.ts'
import { cannotRun, inUserNamespace, makeBundle, richConfig, writeConfig } from './bundle.ts'

const bun = ['node_modules/.bin/bun']
const node = [process.execPath, '--import', 'tsx']
const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts']

const LOOK = `
for one in ${NAMESPACES.join(' ')}; do echo "$one $(readlink /proc/self/ns/$one)"; done
echo "process $$"; id; hostname; pwd; umask; env | sort; cat /proc/self/oom_score_adj /proc/self/cgroup
ls -ln /dev /tmp /tmp/below /mnt; cat /tmp/link
echo "descriptors $(ls /proc/self/fd)"; cat /proc/self/limits
cat /proc/sys/net/ipv4/ip_unprivileged_port_start
grep -E '^(Cap|Uid|Gid|Groups|NoNewPrivs|Seccomp|Sig[BI])' /proc/self/status
cat /proc/self/uid_map
echo mounts; cat /proc/self/mountinfo
mkdir /tmp/refused 2>&1
exit 42`

const bundle = cannotRun ? '' : makeBundle()
after(() => rmSync(bundle, { recursive: true, force: true }))

function look(runtime: readonly string[], executor: string, flags: readonly string[]): string {
  const [program = '', ...rest] = runtime
  const run = spawnSync(program, [...rest, 'test/plan/execute-plan.ts', executor, bundle, ...flags], {
    encoding: 'utf8',
    timeout: 60_000,
    input: '',
  })
  assert.equal(run.status, 42, `${executor} on ${program}: ${run.stdout}${run.stderr}`)
  return normalise(run.stdout)
}

/** Numbers that each container gets its own of: namespaces become `new` or `same`, mounts lose their ids. */
function normalise(text: string): string {
  return text
    .replaceAll(/^(\w+) \w+:\[\d+\]$/gm, (line, kind: string) =>
      line.endsWith(readlinkSync(`/proc/self/ns/${kind}`)) ? `${kind} same` : `${kind} new`,
    )
    .replaceAll(/^\d+ \d+ \d+:\d+ /gm, '')
    .replaceAll(/\b(shared|master|propagate_from):\d+/g, '$1')
    .replaceAll(/[A-Z][a-z]{2} [ \d]\d \d\d:\d\d/g, 'date')
}

function compare(name: string, config: Config, flags: readonly string[], expected: readonly RegExp[]): void {
  test(name, { skip: cannotRun }, () => {
    chmodSync(bundle, 0o755)
    writeConfig(bundle, config)
    const native = look(bun, 'native', flags)
    for (const one of expected) assert.match(native, one)
    assert.equal(look(bun, 'ffi', flags), native, 'bun:ffi')
    assert.equal(look(node, 'ffi', flags), native, 'koffi')
  })
}

const rich = richConfig(['sh', '-c', LOOK])

compare(
  'a container of root',
  rich,
  [],
  [
    /^pid new$/m,
    /^user same$/m,
    /^uid=1000 gid=1001/m,
    /^copied up$/m,
    /^Seccomp:\t2$/m,
    /Operation not permitted/,
    /^COLOUR=grün$/m,
  ],
)
compare('in a user namespace', inUserNamespace(rich), [], [/^user new$/m, /^ +0 +100000 +65536$/m])
compare('under --init', rich, ['--init'], [/^process 2$/m])

const { linux } = rich
compare(
  'with a relay: the clocks of a time namespace are set before anybody is in it',
  {
    ...rich,
    linux: {
      ...linux,
      namespaces: [...(linux?.namespaces ?? []), { type: 'time' }],
      timeOffsets: { boottime: { secs: 86_400 * 365 } },
    },
  },
  [],
  [/^time new$/m, /^pid new$/m],
)
compare(
  'with a holder: an idmapped mount',
  {
    ...rich,
    mounts: [
      ...(rich.mounts ?? []),
      {
        destination: '/mnt/mapped',
        type: 'bind',
        source: 'data/mapped',
        options: ['bind'],
        uidMappings: [{ containerID: 0, hostID: 5000, size: 10 }],
        gidMappings: [{ containerID: 0, hostID: 6000, size: 10 }],
      },
    ],
  },
  [],
  [/^drwxr-xr-x +2 5000 +6000 .* mapped$/m],
)

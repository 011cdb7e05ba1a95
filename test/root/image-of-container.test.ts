/** commit, export, rmi and prune with a container that runs. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { afterEach, test } from 'node:test'
import { IMAGE, skip, tinyctrForTests } from './tinyctr.ts'

// Before the search for leftovers.
if (!skip) afterEach(() => tinyctr.command(['rm', '-f', 'box']))
const tinyctr = tinyctrForTests()
const says = (...args: string[]): string => {
  const { status, stdout, stderr } = tinyctr.command(args)
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, stdout)
  return stdout.trim()
}
const detached = (...script: string[]): string =>
  says('run', '-d', '--name', 'box', '--cgroup-parent', tinyctr.cgroupParent, IMAGE, 'sh', '-c', ...script)

test('commit of what runs, and a start from it; it goes on running', { skip }, () => {
  const id = detached('while true; do date >>/log; sleep 0.05; done')
  const image = says('commit', '-m', 'snap', '-a', 'Ada', '-c', 'CMD ["wc", "-l", "/log"]', 'box', 'snap:1')
  assert.match(image, /^sha256:[0-9a-f]{64}$/)
  assert.equal(says('inspect', '-f', '{{.Id}} {{.Author}} {{.Comment}}', 'snap:1'), `${image} Ada snap`)
  assert.match(says('run', '--rm', '--cgroup-parent', tinyctr.cgroupParent, 'snap:1'), /^[0-9]+ \/log$/)
  assert.equal(says('ps', '-q', '--no-trunc'), id)
  assert.match(says('rmi', 'snap:1'), /^Untagged: snap:1\nDeleted: sha256:.*\nDeleted: sha256:[0-9a-f]{64}$/)
})

test('export of what runs', { skip }, () => {
  detached('echo written >/file; rm /etc/passwd; exec sleep 100')
  let list = ''
  // The shell inside may not have come so far.
  for (let tries = 0; tries < 50 && !/^file$/m.test(list); tries++) {
    const { stdout } = spawnSync('sh', ['-c', '"$0" "$@" | tar -tf -', ...tinyctrCommand('export', 'box')], {
      encoding: 'utf8',
    })
    list = stdout
  }
  assert.match(list, /^file$/m)
  assert.match(list, /^bin\/sh$/m)
  assert.doesNotMatch(list, /^etc\/passwd$/m)
})

const tinyctrCommand = (...args: string[]): string[] => [
  new URL('../../build/tinyctr', import.meta.url).pathname,
  ...tinyctr.globalFlags,
  ...args,
]

test('an image that runs keeps its files, whatever is asked', { skip }, () => {
  const id = detached('sleep 100')
  const image = says('inspect', '-f', '{{.Id}}', IMAGE).slice(7, 19)
  const refused = tinyctr.command(['rmi', '-f', image])
  assert.deepEqual(
    { status: refused.status, stderr: refused.stderr },
    {
      status: 1,
      stderr: `tinyctr: conflict: unable to delete ${image} (cannot be forced) - image is being used by running container ${id.slice(0, 12)}\n`,
    },
  )
  assert.match(tinyctr.command(['rmi', IMAGE]).stderr, /conflict: unable to remove repository reference/)
  assert.equal(says('rmi', '-f', IMAGE), `Untagged: ${IMAGE}`)
  assert.equal(says('image', 'prune', '-af'), 'Total reclaimed space: 0B')
  assert.equal(says('images', '--format', '{{.Repository}} {{.ID}}'), `<none> ${image}`)
  assert.equal(says('run', '--rm', '--cgroup-parent', tinyctr.cgroupParent, image, 'echo', 'there'), 'there')
  says('tag', image, IMAGE)
  says('rm', '-f', 'box')
  assert.equal(says('images', '--format', '{{.Repository}}:{{.Tag}}'), IMAGE)
})

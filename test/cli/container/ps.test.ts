/** `ps` of containers that are recorded: rows, formats and filters as docker/cli prints them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerFilter } from '../../../src/cli/container/container-filters.ts'
import { containerShape } from '../../../src/cli/container/container-row.ts'
import { containerRows } from '../../../src/cli/container/container-rows.ts'
import { listPorts, type Port } from '../../../src/cli/container/port-list.ts'
import { parseFilter } from '../../../src/cli/format/filters.ts'
import { renderRows } from '../../../src/cli/format/rows.ts'
import { listContainers } from '../../../src/engine/container/list.ts'
import { dataRoot, record } from '../recorded.ts'

const web = record({
  digit: 'a',
  name: 'web',
  args: [
    '-l',
    'app=shop',
    '-l',
    'tier=front',
    '-v',
    '/srv/very/long/path:/data',
    'nginx',
    'nginx',
    '-g',
    'daemon off;',
  ],
  events: [
    [7300, 'created'],
    [7250, 'exited 3 0 0'],
  ],
  image: { ExposedPorts: { '80/tcp': {} }, Labels: { maintainer: 'me' } },
})
const worker = record({
  digit: 'b',
  name: 'worker',
  args: ['alpine', 'sleep', '1'],
  events: [[65, 'created']],
})

async function ps(format: string, filters: string[] = [], cut = true): Promise<string> {
  const filter = containerFilter(filters.map(parseFilter), dataRoot)
  const containers = listContainers(dataRoot).filter(filter.holds)
  return renderRows(
    format,
    await containerRows(containers, { root: '/nowhere', dataRoot }, { cut, sized: false }),
    containerShape,
  )
}

test('the table, the newest first', async () => {
  assert.equal(
    await ps('table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}'),
    `CONTAINER ID   IMAGE     COMMAND                  CREATED              STATUS                   PORTS     NAMES
bbbbbbbbbbbb   alpine    "sleep 1"                About a minute ago   Created                            worker
aaaaaaaaaaaa   nginx     "nginx -g 'daemon of…"   2 hours ago          Exited (3) 2 hours ago             web
`,
  )
})

test('fields', async () => {
  assert.equal(
    await ps('{{.Labels}}|{{.Label "app"}}', ['name=web']),
    'app=shop,maintainer=me,tier=front|shop\n',
  )
  assert.equal(
    await ps('{{.Mounts}} {{.LocalVolumes}} {{.Networks}} {{.State}}', ['name=web']),
    '/srv/very/long… 0 none exited\n',
  )
  assert.equal(
    await ps('{{.ID}} {{.Command}} {{.Mounts}}', ['id=a'], false),
    `${web} "nginx -g 'daemon off;'" /srv/very/long/path\n`,
  )
})

test('json has all of them', async () => {
  const row = JSON.parse(await ps('json', ['name=worker'])) as Record<string, string>
  assert.deepEqual(
    Object.keys(row),
    'Command CreatedAt ID Image Labels LocalVolumes Mounts Names Networks Ports RunningFor Size State Status'.split(
      ' ',
    ),
  )
  assert.deepEqual([row.Command, row.Size, row.Status], ['"sleep 1"', '0B', 'Created'])
})

test('filters', async () => {
  const ids = async (...filters: string[]): Promise<string[]> =>
    (await ps('{{.Names}}', filters)).split('\n').filter((line) => line !== '')
  assert.deepEqual(await ids('name=w'), ['worker', 'web'])
  assert.deepEqual(await ids('name=^/web$'), ['web'])
  assert.deepEqual(await ids('status=created'), ['worker'])
  assert.deepEqual(await ids('status=created', 'status=exited'), ['worker', 'web'])
  assert.deepEqual(await ids('exited=3'), ['web'])
  assert.deepEqual(await ids('exited=0'), [])
  assert.deepEqual(await ids('label=app'), ['web'])
  assert.deepEqual(await ids('label=app=blog'), [])
  assert.deepEqual(await ids('ancestor=alpine'), ['worker'])
  assert.deepEqual(await ids('ancestor=nginx:latest'), ['web'])
  assert.deepEqual(await ids('ancestor=eeeeeeeeeeee'), ['worker', 'web'])
  assert.deepEqual(await ids('volume=/data'), ['web'])
  assert.deepEqual(await ids('network=bridge'), [])
  assert.deepEqual(await ids('before=worker'), ['web'])
  assert.deepEqual(await ids(`since=${web.slice(0, 12)}`), ['worker'])
  assert.deepEqual(await ids(`id=${worker.slice(0, 5)}`), ['worker'])
  assert.deepEqual(await ids('health=none'), ['worker', 'web'])
})

test("a filter that there is not, in Docker's words", async () => {
  await assert.rejects(ps('{{.ID}}', ['status=up']), { message: "invalid filter 'status=up'" })
  await assert.rejects(ps('{{.ID}}', ['colour=red']), { message: "invalid filter 'colour'" })
  await assert.rejects(ps('{{.ID}}', ['since=nobody']), { message: 'No such container: nobody' })
})

const ports: [ports: Port[], text: string][] = [
  [[{ privatePort: 9988, protocol: 'tcp' }], '9988/tcp'],
  [[9998, 9999].map((port) => ({ privatePort: port, protocol: 'udp' })), '9998-9999/udp'],
  [
    [9998, 9999].map((port) => ({
      privatePort: port,
      protocol: 'udp',
      published: { address: '1.2.3.4', port },
    })),
    '1.2.3.4:9998-9999->9998-9999/udp',
  ],
  [
    [
      { privatePort: 9998, protocol: 'udp', published: { address: '1.2.3.4', port: 8887 } },
      { privatePort: 9999, protocol: 'udp', published: { address: '1.2.3.4', port: 8888 } },
    ],
    '1.2.3.4:8887->9998/udp, 1.2.3.4:8888->9999/udp',
  ],
  [[{ privatePort: 80, protocol: 'tcp', published: { address: '::', port: 8080 } }], '[::]:8080->80/tcp'],
  [
    [
      { privatePort: 9988, protocol: 'udp' },
      { privatePort: 9988, protocol: 'udp' },
    ],
    '9988/udp, 9988/udp',
  ],
  [
    [
      { privatePort: 6677, protocol: 'tcp', published: { address: '1.2.3.4', port: 7766 } },
      { privatePort: 9988, protocol: 'udp' },
    ],
    '9988/udp, 1.2.3.4:7766->6677/tcp',
  ],
]
for (const [list, text] of ports) test(text, () => assert.equal(listPorts(list), text))

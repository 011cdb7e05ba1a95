/** `inspect` of a container that is recorded: Docker's fields, and the templates people write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerJson } from '../../../src/cli/container/container-json.ts'
import { printInspected } from '../../../src/cli/format/inspected.ts'
import { findContainer } from '../../../src/engine/container/list.ts'
import { dataRoot, record } from '../recorded.ts'

const id = record({
  digit: 'c',
  name: 'db',
  args: [
    ...['-e', 'A=1', '-e', 'PATH=/x', '-m', '64m', '--cpus', '0.5', '-v', '/srv:/data:ro', '--tmpfs', '/run'],
    ...[
      '-l',
      'app=shop',
      '--cap-add',
      'net_admin',
      '-u',
      '7',
      '-w',
      '/w',
      'postgres',
      'postgres',
      '-c',
      'x=1',
    ],
  ],
  events: [
    [100, 'created'],
    [90, 'started 4242'],
    [30, 'exited 137 9 1'],
  ],
  image: { Env: ['PATH=/bin', 'B=2'], Entrypoint: ['entry.sh'], ExposedPorts: { '5432/tcp': {} } },
})
const folders = { root: '/run/tinyctr', dataRoot }
const inspect = (format?: string): string =>
  printInspected([containerJson(findContainer(dataRoot, 'db'), folders)], format)

test('templates as people write them', () => {
  const cases: [template: string, text: string][] = [
    ['{{.Id}}', id],
    ['{{.Name}} {{.Path}} {{.Args}}', '/db entry.sh [postgres -c x=1]'],
    [
      '{{.State.Status}} {{.State.Running}} {{.State.Pid}} {{.State.ExitCode}} {{.State.OOMKilled}}',
      'exited false 0 137 true',
    ],
    ['{{.Config.Env}}', '[A=1 PATH=/x B=2]'],
    ['{{json .Config.Labels}} {{index .Config.Labels "app"}}', '{"app":"shop"} shop'],
    ['{{range .Mounts}}{{.Type}} {{.Source}}:{{.Destination}} {{.RW}};{{end}}', 'bind /srv:/data false;'],
    [
      '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}}',
      '67108864 500000000 [CAP_NET_ADMIN] []',
    ],
    ['{{.HostConfig.Binds}} {{.HostConfig.Tmpfs}}', '[/srv:/data:ro] map[/run:noexec,nosuid,nodev,rprivate]'],
    ['{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy}}', 'no {no 0}'],
    [
      '{{.Config.User}} {{.Config.WorkingDir}} {{.Config.Image}} {{.Config.Cmd}} {{.Config.Entrypoint}}',
      '7 /w postgres [postgres -c x=1] [entry.sh]',
    ],
    ['{{range $p, $c := .Config.ExposedPorts}}{{$p}}{{end}}', '5432/tcp'],
    ['{{.HostConfig.PidsLimit}} {{.HostConfig.Ulimits}} {{.HostConfig.ShmSize}}', '<nil> [] 67108864'],
    ['{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}}{{end}}', 'none='],
    ['{{.LogPath}}', `${dataRoot}/containers/${id}/${id}-json.log`],
    ['{{if .State.Health}}{{.State.Health.Status}}{{else}}no health{{end}}', 'no health'],
    ['{{.Config.StopSignal}}|{{.HostConfig.Sysctls}}', '|map[]'],
    ['{{len .Mounts}} {{.RestartCount}} {{.Driver}} {{.Platform}}', '1 0 overlay2 linux'],
  ]
  for (const [template, text] of cases) {
    assert.equal(inspect(template), `${text}\n`, template)
  }
})

test('what is not there', () => {
  assert.throws(() => inspect('{{.State.Health.Status}}'), {
    message:
      'template parsing error: template: :1:8: executing "" at <.State.Health.Status>: map has no entry for key "Health"',
  })
  assert.throws(() => inspect('{{.Nope}}'), {
    message:
      'template parsing error: template: :1:2: executing "" at <.Nope>: map has no entry for key "Nope"',
  })
  assert.throws(() => inspect('{{.Id'), {
    message: 'template parsing error: template: :1: unclosed action',
    exitCode: 64,
  })
  assert.equal(printInspected([], undefined), '[]')
})

test('the whole of it: the fields in the order of Docker', () => {
  const [whole] = JSON.parse(inspect()) as Record<string, object>[]
  assert.deepEqual(
    Object.keys(whole!),
    'Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform MountLabel ProcessLabel AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings'.split(
      ' ',
    ),
  )
  assert.match(inspect(), /^\[\n {4}\{\n {8}"Id": "c{64}",\n/)
  assert.match(inspect('json'), /^\[\{"Id":"c{64}",/)
})

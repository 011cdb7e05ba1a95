import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyChange, type DockerConfig } from '../../src/image/image-change.ts'

const apply = (config: DockerConfig, ...lines: string[]) => lines.reduce(applyChange, config)

for (const [line, expected] of [
  ['CMD ["a", "b c"]', { Cmd: ['a', 'b c'] }],
  ['cmd echo "x y"', { Cmd: ['/bin/sh', '-c', 'echo "x y"'] }],
  ['ENTRYPOINT []', { Entrypoint: [] }],
  ['ENV A=1 B="2 3" C=\\"4', { Env: ['A=1', 'B=2 3', 'C="4'] }],
  ['ENV A the old form', { Env: ['A=the old form'] }],
  ['LABEL "with space"=x y=\'$1\'', { Labels: { 'with space': 'x', y: '$1' } }],
  [
    'EXPOSE 80/TCP 53/udp 8000-8001',
    { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {} } },
  ],
  ['VOLUME ["/a b", "/c"]', { Volumes: { '/a b': {}, '/c': {} } }],
  ['VOLUME /a /b', { Volumes: { '/a': {}, '/b': {} } }],
  ['USER 1:2', { User: '1:2' }],
  ['WORKDIR sub', { WorkingDir: '/sub' }],
  ['STOPSIGNAL SIGINT', { StopSignal: 'SIGINT' }],
  ['ONBUILD RUN x', { OnBuild: ['RUN x'] }],
] as const) {
  test(line, () => assert.deepEqual(apply({}, line), expected))
}

test('what was there stays, unless it is said anew', () => {
  const before: DockerConfig = { Env: ['A=1', 'B=2'], Labels: { a: '1' }, WorkingDir: '/w/', Cmd: ['x'] }
  assert.deepEqual(apply(before, 'ENV B=3 C=4', 'LABEL b=2', 'WORKDIR x'), {
    Env: ['A=1', 'B=3', 'C=4'],
    Labels: { a: '1', b: '2' },
    WorkingDir: '/w/x',
    Cmd: ['x'],
  })
})

for (const [line, message] of [
  ['RUN true', 'RUN is not a valid change command'],
  ['', ' is not a valid change command'],
  ['CMD', 'CMD requires at least one argument'],
  ['ENV =x', 'ENV must have two arguments'],
  ['EXPOSE 99999', 'invalid containerPort: 99999'],
  ['EXPOSE 9-8', 'invalid containerPort: 9-8'],
] as const) {
  test(`refused: ${line}`, () => assert.throws(() => apply({}, line), { name: 'StateError', message }))
}

/** A lesson about containers, written for docker, when `docker` is a link to tinyctr: its script, unchanged. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { addImage } from './image.ts'
import { binary, skip } from './tinyctr.ts'

const lesson = `set -e
docker pull alpine:latest
docker run --rm alpine echo 'Container started!'

docker run -d --name demo-container-1 --rm alpine sleep 3600
docker run -d --name demo-container-2 --rm alpine sleep 3600
docker run -d --name demo-container-3 --rm alpine sleep 3600
docker stats --no-stream --format "table {{.Name}} {{.CPUPerc}} {{.MemUsage}}" demo-container-1 demo-container-2 demo-container-3
docker stop demo-container-1 demo-container-2 demo-container-3

docker run -d --name isolation-demo --rm alpine sleep 3600
docker exec isolation-demo ps aux
docker stop isolation-demo

echo "kernel: $(docker run --rm alpine uname -r)"
docker ps -a --format '{{.Names}}'
`

test('the script of a lesson', { skip }, async () => {
  const folder = mkdtempSync('/dev/shm/tinyctr-lesson-')
  try {
    const layout = join(folder, 'layout')
    await addImage(layout, 'docker.io/library/alpine:latest', {})
    mkdirSync(join(folder, 'bin'))
    symlinkSync(binary, join(folder, 'bin/docker'))
    // There is no registry here: the image is in the store, and the pull finds nobody.
    const script = lesson.replace('docker pull alpine:latest', 'docker load -q -i "$LAYOUT"')
    const { status, stdout, stderr } = spawnSync(
      '/bin/sh',
      ['-c', `docker() { command docker --root "$D/run" --data-root "$D/data" "$@"; }\n${script}`],
      {
        encoding: 'utf8',
        timeout: 120_000,
        env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, D: folder, LAYOUT: layout },
      },
    )
    assert.equal(status, 0, stdout + stderr)
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.shift(), 'Loaded image: alpine:latest')
    assert.equal(lines.shift(), 'Container started!')
    for (let i = 0; i < 3; i++) assert.match(lines.shift()!, /^[0-9a-f]{64}$/)
    assert.equal(lines.shift(), 'NAME CPU % MEM USAGE / LIMIT')
    for (const n of [1, 2, 3]) {
      assert.match(
        lines.shift()!,
        new RegExp(`^demo-container-${n} \\d+\\.\\d\\d% [\\d.]+[KMG]?i?B(?: \\(PSS\\))? / [\\d.]+GiB$`),
      )
    }
    for (const n of [1, 2, 3]) assert.equal(lines.shift(), `demo-container-${n}`)
    assert.match(lines.shift()!, /^[0-9a-f]{64}$/)
    const processes = lines.splice(0, lines.indexOf('isolation-demo'))
    assert.match(processes[0]!, /^\s*PID/)
    const ids = processes.slice(1).map((line) => line.trim().split(/\s+/)[0])
    assert.equal(ids[0], '1')
    assert.match(processes[1]!, /sleep 3600/)
    // The container's own processes and no others: sleep, and ps itself.
    assert.equal(processes.length, 3, processes.join('\n'))
    assert.deepEqual(lines, ['isolation-demo', `kernel: ${release()}`])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

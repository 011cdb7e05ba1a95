/**
 * `npm run lessons`: docs/lessons/, a page for each lesson with the output of a real run. The run is the lab's own, so
 * the pages cannot tell what the lab does not.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname, release } from 'node:os'
import { join } from 'node:path'
import { lessons } from './lessons.ts'
import { contentsLine, pageHead } from './page.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'docs/lessons')

const run = (name: string): string => {
  const { stdout, status } = spawnSync(join(root, 'build/tinyctr'), ['lab', '--yes', name], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    timeout: 120_000,
  })
  if (status !== 0)
    throw new Error(`Cannot write the page of ${name}: its run ended with ${status}\n${stdout}`)
  return withoutThisHost(stdout)
}

const RELEASE = '6.18.0'
/** Its name, kernel and control group say nothing to a reader. */
function withoutThisHost(text: string): string {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/'
  const named = own.length > 1 ? text.replaceAll(own, '/user.slice') : text
  return (
    named
      .replaceAll(/\/(?:dev\/shm|tmp)\/tinyctr-lab-\d+/g, '$LAB')
      .replaceAll(/tinyctr-lab-\d+/g, 'tinyctr-lab')
      // In a table what follows stays in its column.
      .replaceAll(`${release()}  `, `${RELEASE.padEnd(release().length)}  `)
      .replaceAll(release(), RELEASE)
      .replaceAll(new RegExp(`\\b${hostname()}\\b(?= )`, 'g'), 'host')
  )
}

mkdirSync(folder, { recursive: true })
const contents: string[] = []
/** Those that are named, or all. */
const wanted = process.argv.slice(2)
for (const load of Object.values(lessons)) {
  const lesson = await load()
  contents.push(contentsLine(lesson))
  if (wanted.length > 0 && !wanted.includes(lesson.name)) continue
  const output = run(lesson.name).trim()
  writeFileSync(join(folder, `${lesson.name}.md`), `${pageHead(lesson)}\`\`\`text\n${output}\n\`\`\`\n`)
}
writeFileSync(
  join(folder, 'README.md'),
  `# Lessons\n\nWritten by \`npm run lessons\` from real runs; numbers are those of that host. For a class: [teaching](../teaching.md).\n\n| | lesson | |\n|---|---|---|\n${contents.join('\n')}\n`,
)

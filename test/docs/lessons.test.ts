/** docs/lessons/ tells what the lessons claim: by structure, since figures differ from host to host. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lessons } from '../../src/lab/lessons.ts'

const folder = join(import.meta.dirname, '../../docs/lessons')
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ')

test('every lesson has a page, and every page a lesson', () => {
  const pages = readdirSync(folder).filter((name) => name !== 'README.md')
  assert.deepEqual(
    pages.sort(),
    Object.keys(lessons)
      .map((name) => `${name}.md`)
      .sort(),
  )
})

for (const [name, load] of Object.entries(lessons)) {
  test(`the page of ${name} is that of the lesson as it is (npm run lessons)`, async () => {
    const lesson = await load()
    const page = flat(readFileSync(join(folder, `${name}.md`), 'utf8'))
    assert.equal(lesson.name, name)
    assert.ok(page.startsWith(`# ${name}: ${flat(lesson.summary)}`))
    lesson.steps.forEach(({ claim, why }, i) => {
      assert.ok(page.includes(flat(`${i + 1}. ${claim}`)), claim)
      assert.ok(page.includes(flat(why)), why)
    })
    assert.ok(page.includes(`${lesson.steps.length} of ${lesson.steps.length} claims shown by this kernel`))
  })
}

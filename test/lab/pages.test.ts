/**
 * docs/lessons is what the lab says today: each page has its lesson's own words, and a run of the same calls as a run
 * that is made now. When it drifts: npm run lessons.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { lessons } from '../../src/lab/lessons.ts'
import { contentsLine, pageHead } from '../../src/lab/page.ts'
import { skip, tinyctrForTests } from '../root/tinyctr.ts'

const folder = join(import.meta.dirname, '../../docs/lessons')
const page = (name: string): string => readFileSync(join(folder, `${name}.md`), 'utf8')
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ')

describe('docs/lessons', () => {
  test('has a page for each lesson, and no other', () => {
    const expected = [...Object.keys(lessons).map((name) => `${name}.md`), 'README.md']
    assert.deepEqual(readdirSync(folder).sort(), expected.sort())
  })

  for (const [name, load] of Object.entries(lessons)) {
    test(`${name}: in the words of the lesson`, async () => {
      const lesson = await load()
      const text = page(name)
      assert.ok(text.startsWith(pageHead(lesson)), 'run: npm run lessons')
      assert.ok(page('README').includes(contentsLine(lesson)))
      const run = flat(text.slice(pageHead(lesson).length))
      for (const { claim, why } of lesson.steps) {
        assert.ok(run.includes(flat(claim)), claim)
        assert.ok(run.includes(flat(why)), why)
      }
      assert.ok(run.includes(flat(lesson.ending)))
      assert.ok(run.includes(`${lesson.steps.length} of ${lesson.steps.length} claims shown by this kernel`))
    })
  }
})

describe('the page of build-a-container', { skip }, () => {
  const tinyctr = skip ? (undefined as never) : tinyctrForTests()

  test('has the steps of the plan, in their order', () => {
    const { stdout } = tinyctr.command([
      'plan',
      '--json',
      '--rm',
      '--network',
      'none',
      '--cgroup-parent',
      '/x',
      'alpine',
      'sh',
    ])
    const { steps } = JSON.parse(stdout) as { steps: { step: number; print: string }[] }
    const callOf = (text: string): string => /^[\w]+/.exec(text)?.[0] ?? ''
    const planned = steps.map(({ step, print }) => `${step} ${callOf(print)}`)
    const shown = [...page('build-a-container').matchAll(/^ {5}(\d+) +(\w+)/gm)].map(
      ([, step, call]) => `${step} ${call}`,
    )
    assert.deepEqual(
      planned.filter((one) => !shown.includes(one)),
      [],
      'run: npm run lessons build-a-container',
    )
  })
})

/** Lists: docker/cli's own cases of headings, columns and formats. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Filters, parseFilter } from '../../../src/cli/format/filters.ts'
import { type RowShape, renderRows } from '../../../src/cli/format/rows.ts'
import { alignTabs } from '../../../src/cli/format/tab-writer.ts'

interface Item {
  id: string
  name: string
  labels: Record<string, string>
}

const shape: RowShape<Item> = {
  type: '*formatter.ContainerContext',
  columns: {
    ID: { header: 'CONTAINER ID', of: ({ id }) => id },
    Image: { header: 'IMAGE', of: () => 'ubuntu' },
    Names: { header: 'NAMES', of: ({ name }) => name },
    Ports: { header: 'PORTS', of: () => '' },
    Command: { header: 'COMMAND', of: () => '"a<b"' },
  },
  labels: ({ labels }) => labels,
}
const items: Item[] = [
  { id: 'containerID1', name: 'foobar_baz', labels: { 'com.docker.swarm.node_name': 'n1' } },
  { id: 'containerID2', name: 'foobar_bar', labels: {} },
]
const render = (format: string, of: readonly Item[] = items): string => renderRows(format, of, shape)

test('a table has a heading, columns of ten or more, three spaces between', () => {
  assert.equal(
    render('table {{.ID}}\\t{{.Image}}\\t{{.Ports}}\\t{{.Names}}'),
    `CONTAINER ID   IMAGE     PORTS     NAMES
containerID1   ubuntu              foobar_baz
containerID2   ubuntu              foobar_bar
`,
  )
  assert.equal(render('table {{.Image}}\t{{.Names}}', []), 'IMAGE     NAMES\n')
  assert.equal(render('table {{.Image}}'), 'IMAGE\nubuntu\nubuntu\n')
  assert.equal(render('table {{.Names}} {{.Image}}'), 'NAMES IMAGE\nfoobar_baz ubuntu\nfoobar_bar ubuntu\n')
})

test('functions leave the heading alone', () => {
  assert.equal(
    render('table {{truncate .ID 5}}\\t{{json .Image}}/{{title .Names}}/{{pad .Ports 2 2}}.{{upper .Names}}'),
    `CONTAINER ID   IMAGE/NAMES/  PORTS  .NAMES
conta          "ubuntu"/Foobar_baz/.FOOBAR_BAZ
conta          "ubuntu"/Foobar_bar/.FOOBAR_BAR
`,
  )
  assert.equal(render('table {{split .Image ":"}}'), 'IMAGE\n[ubuntu]\n[ubuntu]\n')
  assert.equal(render('table {{.Label "com.docker.swarm.node_name"}}'), 'node name\nn1\n\n')
})

test('a template for each row', () => {
  assert.equal(render('{{.Image}}'), 'ubuntu\nubuntu\n')
  assert.equal(render('{{.ID}}\\t{{.Names}}\\n', items.slice(0, 1)), 'containerID1\tfoobar_baz\n\n')
  assert.equal(render('{{.Image}}', []), '')
})

test('json: fields by name, as Go writes them', () => {
  const line =
    '{"Command":"\\"a\\u003cb\\"","ID":"containerID1","Image":"ubuntu","Names":"foobar_baz","Ports":""}\n'
  assert.equal(render('json', items.slice(0, 1)), line)
  assert.equal(render('{{json .}}', items.slice(0, 1)), line)
  assert.equal(render('{{json .ID}}', items.slice(0, 1)), '"containerID1"\n')
})

test("Docker's words for what is wrong", () => {
  assert.throws(() => render('{{InvalidFunction}}'), {
    message: 'template parsing error: template: :1: function "InvalidFunction" not defined',
  })
  assert.throws(() => render('{{nil}}'), {
    message: 'template parsing error: template: :1:2: executing "" at <nil>: nil is not a command',
  })
  assert.throws(() => render('{{.Nope}}'), {
    message:
      'template parsing error: template: :1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type *formatter.ContainerContext',
  })
})

test('columns end where a line does not have them', () => {
  assert.equal(
    alignTabs('a\tb\tc\naaaaaaaaaaaa\tb\nx\n1\t2'),
    'a              b         c\naaaaaaaaaaaa   b\nx\n1         2',
  )
  assert.equal(alignTabs('日本\tx\nab\ty'), '日本      x\nab        y')
})

test('filters', () => {
  const filters = (...texts: string[]) =>
    new Filters(texts.map(parseFilter), ['name', 'label', 'label!', 'dangling'])
  assert.ok(filters('name=^/?web').matches('name', 'web1'))
  assert.ok(!filters('name=^web$').matches('name', 'web1'))
  assert.ok(filters('name=a', 'name=b').is('name', 'b'))
  assert.ok(filters('name=[').matches('name', 'x[y'))
  assert.ok(filters('label=a', 'label=b=1').labels({ a: '', b: '1' }))
  assert.ok(!filters('label=a', 'label=b=2').labels({ a: '', b: '1' }))
  assert.ok(!filters('label!=a').labels({ a: 'x' }))
  assert.ok(filters('Name = x ').is('name', 'x'))
  assert.equal(filters('dangling=1').boolean('dangling', false), true)
  assert.throws(() => filters('dangling=maybe').boolean('dangling', false), {
    message: `invalid filter 'dangling=["maybe"]'`,
  })
  assert.throws(() => filters('color=red'), { message: "invalid filter 'color'" })
  assert.throws(() => parseFilter('name'), { message: 'bad format of filter (expected name=value)' })
})

/**
 * Lists as Docker prints them (docker/cli formatter): `--format` is a template for each row, `table TEMPLATE` sets the
 * rows in columns under a heading, `json` prints each as an object.
 */

import { printValue } from './go-value.ts'
import { typeName } from './struct.ts'
import { alignTabs } from './tab-writer.ts'
import { type CompiledTemplate, compileTemplate } from './template.ts'
import { templateErrors } from './template-error.ts'

export interface Column<Item> {
  readonly header: string
  of(item: Item): unknown
}

/** What a template may ask of a row. */
export interface RowShape<Item> {
  /** Go's name of it, for errors. */
  readonly type: string
  readonly columns: Readonly<Record<string, Column<Item>>>
  /** The labels of an item, for `{{.Label "name"}}`; absent where items have none. */
  labels?(item: Item): Readonly<Record<string, string>>
}

/** @throws StateError with Docker's words */
export function renderRows<Item>(format: string, items: readonly Item[], shape: RowShape<Item>): string {
  const isTable = format.startsWith('table')
  const template = compileRow(isTable ? format.slice('table'.length) : format)
  const render = renderer(template, shape)
  const lines = templateErrors(() => items.map((item) => `${render(item)}\n`).join(''))
  if (!isTable) return lines
  const heading = templateErrors(() =>
    template.executeWith(headingOf(shape), { functions: headingFunctions }),
  )
  return alignTabs(`${heading}\n${lines}`)
}

/** Five hundred rows in a tenth of the time where their template only names columns. */
function renderer<Item>(template: CompiledTemplate, shape: RowShape<Item>): (item: Item) => string {
  const { columns } = shape
  const { fields } = template
  if (fields?.every(({ name }) => name === undefined || Object.hasOwn(columns, name))) {
    return (item) =>
      fields.map(({ text, name }) => (name ? printValue(columns[name]!.of(item)) : text)).join('')
  }
  const row = rowMaker(shape)
  return (item) => template.execute(row(item))
}

/** Whether a format asks for a field by name: some are dear to find out. */
export const mentions = (format: string, field: string): boolean => new RegExp(`\\.${field}\\b`).test(format)

function compileRow(format: string) {
  const plain = format === 'json' ? '{{json .}}' : format
  const text = plain
    .replace(/^ +| +$/g, '')
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n')
  return templateErrors(() => compileTemplate(text))
}

/** Fields are found out when they are asked for. */
function rowMaker<Item>({ type, columns, labels }: RowShape<Item>): (item: Item) => object {
  const item = Symbol('item')
  type Row = { [item]: Item }
  const prototype: object = {
    [typeName]: type,
    toJSON(this: Row) {
      const names = Object.keys(columns).sort()
      return Object.fromEntries(names.map((name) => [name, columns[name]!.of(this[item])]))
    },
    ...(labels && {
      Label(this: Row, name: string) {
        return labels(this[item])[name] ?? ''
      },
    }),
  }
  for (const [name, { of }] of Object.entries(columns)) {
    Object.defineProperty(prototype, name, {
      get(this: Row) {
        return of(this[item])
      },
    })
  }
  return (one) => {
    const row = Object.create(prototype) as Row
    row[item] = one
    return row
  }
}

const headingOf = <Item>({ columns }: RowShape<Item>): object => ({
  ...Object.fromEntries(Object.entries(columns).map(([name, { header }]) => [name, header])),
  Label: (name: string) => name.slice(name.lastIndexOf('.') + 1).replaceAll(/[-_]/g, ' '),
})

/** A heading is not cut, raised or joined. */
const same = (heading: string): string => heading
const headingFunctions = {
  join: same,
  json: same,
  lower: same,
  split: same,
  title: same,
  truncate: same,
  upper: same,
}

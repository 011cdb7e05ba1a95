/**
 * usage: node bin/inline-chart.js
 *
 * chart.js as a string, in build/lab/chart.ts: pages that the lab writes carry it inside.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const text = readFileSync(`${root}/node_modules/chart.js/dist/chart.umd.js`, 'utf8').replace(
  /^\/\/# sourceMappingURL.*$/m,
  '',
)
mkdirSync(`${root}/build/lab`, { recursive: true })
writeFileSync(`${root}/build/lab/chart.ts`, `export const CHART = ${JSON.stringify(text)}\n`)

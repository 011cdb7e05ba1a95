/** The comparison as one page that needs nothing else: figures, plots, light and dark. */
import { CHART } from '../../../build/lab/chart.ts'
import { type Comparison, rowsOf } from './compare.ts'

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

const STYLE = `
:root { color-scheme: light dark; --text: #16202a; --quiet: #55626e; --paper: #fff; --line: #d5dce2; --good: #1a7f37; --bad: #b35900 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8edf2; --quiet: #a3b0bc; --paper: #12181e; --line: #33404c; --good: #4fc26b; --bad: #f0a050 }
}
body { font: 20px/1.5 system-ui, sans-serif; color: var(--text); background: var(--paper); max-width: 70rem; margin: 2rem auto; padding: 0 1.5rem }
h1 { font-size: 2.2rem; line-height: 1.2 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; width: 100% } td, th { padding: .4rem .8rem; border-bottom: 1px solid var(--line); text-align: left }
td + td, th + th { font-variant-numeric: tabular-nums }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 2rem }
figure { margin: 0 } figcaption { font-weight: 600 } .quiet { color: var(--quiet) }
.yes, .no { white-space: nowrap }
.yes { color: var(--good) } .no { color: var(--bad) }
`

/**
 * Logarithmic: a thousandfold difference would leave nothing of the smaller bar. Each bar ends in its figure, and the
 * axis needs no more marks than powers of ten.
 */
const DRAW = `
const figures = {
  id: 'figures',
  afterDatasetsDraw({ ctx, data }) {
    const bars = data.datasets[0]
    ctx.font = '600 16px system-ui, sans-serif'
    ctx.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--text')
    ctx.textBaseline = 'middle'
    this.of(ctx).forEach(({ x, y }, i) => ctx.fillText(bars.said[i], x + 8, y))
  },
  of: (ctx) => Chart.getChart(ctx.canvas).getDatasetMeta(0).data,
}
const short = (value) => value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)))
const power = (value) => Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6)
const dark = matchMedia('(prefers-color-scheme: dark)')
const charts = []
const draw = () => {
  while (charts.length) charts.pop().destroy()
  const style = getComputedStyle(document.documentElement)
  const [text, line] = ['--text', '--line'].map((name) => style.getPropertyValue(name))
  for (const canvas of document.querySelectorAll('canvas')) {
    const { labels, values, unit } = JSON.parse(canvas.dataset.plot)
    charts.push(new Chart(canvas, {
      type: 'bar',
      plugins: [figures],
      data: { labels, datasets: [{ data: values, said: values.map((one) => short(one) + ' ' + unit), backgroundColor: ['#4c9be8', '#37b37e', '#e8884c'] }] },
      options: {
        animation: false, indexAxis: 'y',
        plugins: { legend: { display: false } },
        scales: {
          x: { type: 'logarithmic', max: Math.max(...values) * 12, min: Math.min(...values) / 3, title: { display: true, text: unit + ' (logarithmic)', color: text, font: { size: 16 } }, ticks: { color: text, font: { size: 14 }, maxRotation: 0, autoSkip: false, callback: (value) => power(value) ? short(value) : null }, grid: { color: ({ tick }) => power(tick.value) ? line : 'transparent' } },
          y: { ticks: { color: text, font: { size: 16 } }, grid: { display: false } },
        },
      },
    }))
  }
  document.documentElement.dataset.plots = charts.length
}
dark.addEventListener('change', draw)
draw()
`

export function reportPage({ measured, claims, advice }: Comparison, host: string): string {
  const MIB = 2 ** 20
  const plot = (title: string, unit: string, value: (one: (typeof measured)[number]) => number): string => {
    const data = JSON.stringify({
      labels: measured.map(({ name }) => name),
      values: measured.map(value),
      unit,
    })
    const told = measured.map((one) => `${one.name} ${value(one).toPrecision(3)} ${unit}`).join(', ')
    return `<figure><figcaption>${title}</figcaption><canvas role="img" aria-label="${escapeHtml(`${title}: ${told}`)}" data-plot="${escapeHtml(data)}"></canvas></figure>`
  }
  const [head = [], ...rows] = rowsOf(measured)
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map((cell, i) => (i === 0 ? `<th scope="row">${escapeHtml(cell)}</th>` : `<${tag}>${escapeHtml(cell)}</${tag}>`)).join('')}</tr>`
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Containers and virtual machines, measured</title>
<style>${STYLE}</style>
<h1>Containers and virtual machines, measured on this host</h1>
<p class="quiet">${escapeHtml(host)}. ${measured.map(({ name, by }) => escapeHtml(`${name}: ${by}`)).join('; ')}.</p>
<div class="plots">
${plot('Start, until it says that it is there', 'ms', (one) => one.startMilliseconds.median)}
${plot('Stop, until nothing is left', 'ms', (one) => one.stopMilliseconds.median)}
${plot('Idle memory of one', 'MB', (one) => one.idleBytes / MIB)}
${plot('On disk', 'MB', (one) => one.imageBytes / MIB)}
</div>
<h2>All figures</h2><table>${cells(head, 'th')}${rows.map((row) => cells(row, 'td')).join('')}</table>
<h2>What is usually said</h2>
<table>${claims.map(({ claim, here, confirmed }) => `<tr><td>${escapeHtml(claim)}<td>${escapeHtml(here)}<td class="${confirmed ? 'yes' : 'no'}">${confirmed ? '✓ confirmed' : '✗ not confirmed'}`).join('')}</table>
<h2>Which to take</h2><ul>${advice.map((line) => `<li>${escapeHtml(line)}`).join('')}</ul>
<script>${CHART.replaceAll('</script', '<\\/script')}</script><script>${DRAW}</script>
</html>
`
}

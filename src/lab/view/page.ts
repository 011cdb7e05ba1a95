/** The page itself: it asks for a snapshot each second and draws it. Text is set as text, never as markup. */
export const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>tinyctr lab view</title>
<style>
:root { color-scheme: light dark; --text: #16202a; --quiet: #5a6772; --paper: #f6f8fa; --card: #fff; --line: #d5dce2; --mark: #0b62c4; --own: #1a7f37 }
@media (prefers-color-scheme: dark) { :root { --text: #e8edf2; --quiet: #a3b0bc; --paper: #10161c; --card: #182028; --line: #33404c; --mark: #6cb4ff; --own: #4fc26b } }
* { box-sizing: border-box } body { font: 16px/1.45 system-ui, sans-serif; color: var(--text); background: var(--paper); margin: 0; padding: 1.2rem }
h1 { font-size: 1.5rem; margin: 0 0 1rem } h2 { font-size: 1.1rem; margin: 0 0 .6rem }
main { columns: 2 30rem; column-gap: 1rem }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin-bottom: 1rem; break-inside: avoid; overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums } td, th { padding: .15rem .5rem; text-align: left; vertical-align: top }
th { color: var(--quiet); font-weight: 500 } code, td { overflow-wrap: anywhere } .own { color: var(--own) } .quiet { color: var(--quiet) }
details { margin: .15rem 0 } summary { cursor: pointer } ul { margin: .2rem 0; padding-left: 1.2rem } td:first-child, td:nth-child(2) { white-space: pre } .number, th.number { text-align: right; white-space: nowrap } .folder td:first-child { white-space: normal }
</style>
<h1>What this kernel isolates <span class="quiet" id="state"></span></h1><main id="main"></main>
<script>
const token = new URLSearchParams(location.search).get('token')
const make = (tag, content, name) => {
  const node = document.createElement(tag)
  if (name) node.className = name
  for (const one of [content].flat(2)) if (one !== undefined && one !== null) node.append(one)
  return node
}
const size = (bytes) => bytes === undefined ? '' : bytes < 1048576 ? Math.round(bytes / 1024) + ' kB' : (bytes / 1048576).toFixed(1) + ' MB'
const yes = (value) => value ? 'yes' : 'no'
const shorter = (path) => path.replace(/[0-9a-f]{64}/g, (id) => id.slice(0, 12) + '…')
const count = (n, one, many) => n + ' ' + (n === 1 ? one : many)
const order = new Intl.Collator('en', { numeric: true })
const open = new Set()
const fold = (key, title, content) => {
  const node = make('details', [make('summary', title), content])
  node.open = open.has(key)
  node.addEventListener('toggle', () => node.open ? open.add(key) : open.delete(key))
  return node
}
function table(head, rows) { return make('table', [head ? make('tr', head.map((one) => one instanceof Node ? one : make('th', one))) : null, ...rows.map((row) => make('tr', row.map((one, i) => one instanceof Node && one.tagName === 'TD' ? one : make('td', one))))], typeof this === 'string' || this instanceof String ? String(this) : '') }
const WORDS = { user: 'users and groups', pid: 'processes', mnt: 'mounts', net: 'network', uts: 'host name', ipc: 'shared memory', cgroup: 'control groups', time: 'clocks' }
let means = {}
const namespaces = ({ namespaces }) => make('section', [make('h2', 'Namespaces'), ...Object.entries(WORDS).map(([kind, word]) => {
  const some = namespaces.filter((one) => one.kind === kind).sort((a, b) => b.isHost - a.isHost || order.compare(a.container || '~', b.container || '~'))
  return fold('ns' + kind, kind + ' (' + word + '): ' + some.length, some.map((one) => fold('ns' + kind + one.id, [make('span', one.isHost ? 'the host' : one.container || one.processes[0].command, one.isHost ? 'quiet' : 'own'), ' ' + one.id + ': ' + count(one.processes.length, 'process', 'processes')],
    make('ul', one.processes.map(({ pid, command }) => make('li', pid + ' ' + command))))))
})])
let before
const usage = new Map()
const cgroups = (data) => {
  const rows = []
  let empty = 0
  const seconds = before ? (data.at - before) / 1000 : 0
  const all = (node) => node.processes + node.children.reduce((sum, child) => sum + all(child), 0)
  const some = (node, what) => node[what] !== undefined && node[what] !== '' || node.children.some((child) => some(child, what))
  const number = (text) => make('td', text, 'number')
  const walk = (node, depth) => {
    if (all(node) === 0) return empty++
    const last = usage.get(node.path)
    const share = last !== undefined && seconds > 0 ? Math.max(0, (node.cpuMicroseconds - last) / 1e4 / seconds).toFixed(1) + ' %' : ''
    usage.set(node.path, node.cpuMicroseconds)
    const name = node.path.split('/').pop() || '/'
    const label = node.container ? make('span', node.container, 'own') : name.length > 24 ? name.slice(0, 23) + '…' : name
    const cell = make('td', [' '.repeat(depth * 3), label])
    cell.title = node.path
    rows.push([cell, number(String(node.processes)), number(share), ...columns.map(([what]) => number(what === 'memoryBytes' ? size(node[what]) : node[what]))])
    for (const child of node.children.sort((a, b) => order.compare(a.container || a.path, b.container || b.path))) walk(child, depth + 1)
  }
  const columns = [['memoryBytes', 'memory'], ['pressure', 'pressure']].filter(([what]) => some(data.cgroups, what))
  walk(data.cgroups, 0)
  before = data.at
  return make('section', [make('h2', 'Control groups'), table(['group', ...['processes', 'CPU', ...columns.map(([, word]) => word)].map((word) => make('th', word, 'number'))], rows),
    empty ? make('p', count(empty, 'group', 'groups') + ' without processes', 'quiet') : null,
    columns.some(([what]) => what === 'memoryBytes') ? null : make('p', 'No memory figures: this host has its memory controller elsewhere (cgroup v1), or not enabled.', 'quiet'),
    make('p', 'Pressure: the share of the last ten seconds in which some process waited for a CPU, in percent.', 'quiet')])
}
const subject = ({ subject }) => {
  if (!subject) return []
  if (subject.ended) return [make('section', [make('h2', subject.name), make('p', 'It has ended: process ' + subject.process.pid + ' is gone, and its namespaces with it.')])]
  const { process, host, layers, links, name } = subject
  const lost = host.capabilities.filter((one) => !process.capabilities.includes(one))
  const explained = (one) => make('li', [one, make('span', means[one] ? ': ' + means[one] : '', 'quiet')])
  const compare = (word, a, b) => [word, a, make('td', b, a === b ? 'quiet' : 'own')]
  return [
    make('section', [make('h2', name + ': process ' + process.pid), table(['', 'host', 'container'], [
      ...Object.keys(WORDS).map((kind) => compare(kind + ' namespace', host.namespaces[kind], process.namespaces[kind])),
      compare('user', host.user, process.user), compare('capabilities', String(host.capabilities.length), String(process.capabilities.length)),
      compare('seccomp', host.seccomp, process.seccomp), compare('no_new_privs', yes(host.noNewPrivileges), yes(process.noNewPrivileges)),
      compare('LSM', host.securityLabel, process.securityLabel), compare('control group', host.cgroup, shorter(process.cgroup))]),
      fold('caps', 'It may: ' + process.capabilities.length + ' capabilities', make('ul', process.capabilities.map(explained))),
      fold('lost', 'It may not: ' + lost.length, make('ul', lost.map(explained))),
      make('p', process.seccomp === 'filter' ? count(process.seccompFilters, 'A seccomp filter: a small program that the kernel runs before each system call; it lets the call through or denies it. Children inherit it, nobody can take it off.', 'seccomp filters, each a small program that the kernel runs before each system call; the strictest answer counts. Children inherit them, nobody can take them off.').replace(/^1 /, '') : 'No seccomp filter: every system call reaches the kernel.', 'quiet')]),
    make('section', [make('h2', 'Layers, top first'), table.call('folder', ['folder', 'files', 'size'], layers.map((one) => [shorter(one.path), make('td', String(one.files), 'number'), make('td', size(one.bytes), 'number')])),
      ...layers.filter((one) => one.changed).map((one) => fold('changed', count(one.changed.length, 'changed file', 'changed files') + ' in the writable layer', make('ul', one.changed.map((line) => make('li', line)))))]),
    make('section', [make('h2', 'Mounts: ' + process.mounts.length + ' (host: ' + host.mounts.length + ')'), make('ul', process.mounts.map((line) => make('li', line)))]),
    make('section', [make('h2', 'Network links'), make('ul', links.map((line) => make('li', line)))]),
  ]
}
let drawn = false
const draw = async () => {
  try {
    if (Object.keys(means).length === 0) means = await (await fetch('/words?token=' + token)).json()
    const data = await (await fetch('/data?token=' + token)).json()
    // Without a container to look at, the page is about all of them.
    if (!drawn && !data.subject) open.add('nspid')
    drawn = true
    document.getElementById('main').replaceChildren(...subject(data), namespaces(data), cgroups(data))
    document.getElementById('state').textContent = new Date(data.at).toLocaleTimeString()
  } catch {
    document.getElementById('state').textContent = 'ended'
  }
  setTimeout(draw, 1000)
}
draw()
</script>
</html>
`

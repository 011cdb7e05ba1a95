/**
 * What passes through a container's network: iperf3 to the host and to a neighbour, beside namespaces on a veth and a
 * bridge made by hand; connections a second through a published port, beside podman's. Interleaved, in a network namespace.
 * As root, after bin/build: node --import tsx bench/network-traffic.ts [-n ROUNDS]
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { makeArchive, podmanWith } from './podman.ts'
import { roundsFrom } from './rounds.ts'
import { here } from './timer.ts'

const SECONDS = 2
const folder = `/dev/shm/tinyctr-traf-${process.pid}`
const rounds = roundsFrom(process.argv, 5)
const image = 'docker.io/library/bench:latest'
const tinyctr = [here('../build/tinyctr'), '--root', `${folder}/tinyctr`, '--data-root', `${folder}/data`]

execFileSync(here('../test/host/install-packages'), ['iperf3', 'iproute2'], { stdio: 'inherit' })
mkdirSync(folder)
const children = new Set<ReturnType<typeof spawn>>()

function begin(command: string, ...args: string[]) {
  const child = spawn(command, args, { stdio: 'ignore' })
  children.add(child)
  return child
}

const says = (command: string, ...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

/** A network namespace, by the process that holds it. */
async function namespace(): Promise<number> {
  const { pid = 0 } = begin('unshare', '--net', 'sleep', 'infinity')
  const of = (who: number | 'self') => says('readlink', `/proc/${who}/ns/net`)
  const own = of('self')
  while (of(pid) === own) await new Promise((resolve) => setTimeout(resolve, 5))
  return pid
}

const at = (pid: number, ...command: string[]): string => says('nsenter', '-t', `${pid}`, '-n', ...command)

const host = await namespace()
const onHost = (...command: string[]): string => at(host, ...command)
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!

/** Gigabits a second from one to the other. */
function stream(from: number, to: number, address: string): number {
  begin('nsenter', '-t', `${to}`, '-n', 'iperf3', '-s', '-1', '-B', address)
  at(to, 'sh', '-c', `until ss -tln | grep -q :5201; do sleep 0.01; done`)
  const { end } = JSON.parse(at(from, 'iperf3', '-J', '-t', `${SECONDS}`, '-c', address))
  return end.sum_received.bits_per_second / 1e9
}

/** Two namespaces on a bridge, as ip(8) makes them. */
async function byHand(): Promise<[number, number]> {
  const pair: [number, number] = [await namespace(), await namespace()]
  onHost(
    'sh',
    '-c',
    'ip link add hand0 type bridge; ip addr add 10.77.0.1/24 dev hand0; ip link set hand0 up',
  )
  for (const [i, pid] of pair.entries()) {
    onHost(
      'sh',
      '-c',
      `ip link add hand${i + 1} type veth peer name eth0 netns ${pid}; ip link set hand${i + 1} master hand0 up`,
    )
    at(pid, 'sh', '-c', `ip addr add 10.77.0.${i + 2}/24 dev eth0; ip link set eth0 up`)
  }
  return pair
}

const LOOP = `
import socket, sys, time
address, port = sys.argv[1], int(sys.argv[2])
until, count = time.monotonic() + ${SECONDS}, 0
while time.monotonic() < until:
    with socket.create_connection((address, port)) as one: one.recv(1)
    count += 1
print(count / ${SECONDS})`
const ACCEPT = `
import socket
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("0.0.0.0", 80)); server.listen(1024)
while True:
    client, _ = server.accept()
    client.send(b"x"); client.close()`

function compare(what: string, ours: number[], theirs: number[], least: number, unit: string): void {
  const [a, b] = [median(ours), median(theirs)]
  const verdict = a / b >= least ? 'met ' : 'MISS'
  console.log(
    `  ${verdict}  ${what}: ${a.toFixed(1)} beside ${b.toFixed(1)} ${unit}, ${(a / b).toFixed(3)}x, at least ${least}x`,
  )
}

try {
  const archive = makeArchive(folder, image)
  says(tinyctr[0]!, ...tinyctr.slice(1), 'load', '--quiet', '-i', archive)
  onHost('sh', '-c', 'ip link set lo up')
  const neighbour = await namespace()
  onHost(
    'sh',
    '-c',
    `ip link add wire type veth peer name wire netns ${neighbour}; ip addr add 10.78.0.1/24 dev wire; ip link set wire up`,
  )
  at(neighbour, 'sh', '-c', 'ip addr add 10.78.0.2/24 dev wire; ip link set wire up')
  const start = (...flags: string[]): number => {
    const id = onHost(...tinyctr, 'run', '-d', '--network', 'bridge', ...flags, image, 'sleep', '1000')
    return Number(says(tinyctr[0]!, ...tinyctr.slice(1), 'inspect', '-f', '{{.State.Pid}}', id))
  }
  const own: [number, number] = [start('-p', '8080:80'), start()]
  const hand = await byHand()
  const figures: Record<string, number[]> = {}
  const note = (name: string, value: number) => {
    figures[name] = [...(figures[name] ?? []), value]
  }
  for (let round = 0; round < rounds; round++) {
    note('own to host', stream(own[0], host, '172.17.0.1'))
    note('hand to host', stream(hand[0], host, '10.77.0.1'))
    note('own to own', stream(own[0], own[1], '172.17.0.3'))
    note('hand to hand', stream(hand[0], hand[1], '10.77.0.3'))
  }
  const podman = podmanWith(archive, folder)
  const [command = '', ...globals] = podman.command
  const theirs = [...globals, '--network-config-dir', `${folder}/podman-networks`]
  const flags = [...podman.flags.slice(2), '--network', 'bridge', '-p', '8081:80']
  const wrapped = [here('peers/without-unified'), command, ...theirs]
  const id = onHost(...wrapped, 'run', '-d', ...flags, image, 'sleep', '1000')
  const theirPid = Number(onHost(...wrapped, 'inspect', '-f', '{{.State.Pid}}', id))
  for (const pid of [own[0], theirPid]) begin('nsenter', '-t', `${pid}`, '-n', 'python3', '-c', ACCEPT)
  await new Promise((resolve) => setTimeout(resolve, 500))
  for (let round = 0; round < rounds; round++)
    for (const [name, port] of [
      ['own port', '8080'],
      ['podman port', '8081'],
    ] as const)
      note(name, Number(at(neighbour, 'python3', '-c', LOOP, '10.78.0.1', port)))
  onHost(...wrapped, 'rm', '-f', '-t', '0', id)
  compare('container to host', figures['own to host']!, figures['hand to host']!, 0.97, 'Gbit/s')
  compare('container to container', figures['own to own']!, figures['hand to hand']!, 0.97, 'Gbit/s')
  compare(
    'connections through a published port, podman',
    figures['own port']!,
    figures['podman port']!,
    1,
    'a second',
  )
} finally {
  const left = spawnSync(tinyctr[0]!, [...tinyctr.slice(1), 'ps', '-aq'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)
  if (left.length > 0) spawnSync('nsenter', ['-t', `${host}`, '-n', ...tinyctr, 'rm', '-f', ...left])
  const ends = [...children].filter(({ exitCode }) => exitCode === null).map((child) => once(child, 'exit'))
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(ends)
  rmSync(folder, { recursive: true, force: true })
}

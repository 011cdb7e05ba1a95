/** The three ways to run the same program, as commands: a process, a container, a virtual machine. */
import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { findHypervisors } from '../../engine/vm/choose.ts'
import { ownCommand } from '../../runtime/own-command.ts'

export interface Isolation {
  readonly name: 'process' | 'container' | 'virtual machine'
  /** What stands behind the name here. */
  readonly by: string
  /** The command line that runs a shell script in it, with its standard input. */
  readonly command: (script: string) => string[]
  /** What has to be on disk for it, in bytes. */
  readonly imageBytes: number
  /** How many are started at once to see what each costs. */
  readonly many: number
}

export interface Surroundings {
  readonly root: string
  readonly dataRoot: string
  /** The tree of the image that all of them run. */
  readonly tree: string
}

export function isolations({ root, dataRoot, tree }: Surroundings): Isolation[] {
  const busybox = join(tree, 'bin/busybox')
  const own = ownCommand('').slice(0, -1)
  const run = [
    ...own,
    '--root',
    root,
    '--data-root',
    dataRoot,
    'run',
    '--rm',
    '-i',
    '--network',
    'none',
    '--pull',
    'never',
  ]
  const [hypervisor] = findHypervisors()
  const image = 'localhost/tinyctr-fixture:latest'
  const imageBytes = sizeOf(realpathSync(tree))
  return [
    {
      name: 'process',
      by: 'fork and execve',
      command: (script) => [busybox, 'sh', '-c', script],
      imageBytes: statSync(busybox).size,
      many: 10,
    },
    {
      name: 'container',
      by: 'tinyctr run',
      command: (script) => [...run, image, 'sh', '-c', script],
      imageBytes,
      many: 10,
    },
    ...(hypervisor
      ? [
          {
            name: 'virtual machine' as const,
            by: hypervisor.title,
            command: (script: string) => [
              ...run,
              '--isolation',
              'vm',
              '--memory',
              '64m',
              image,
              'sh',
              '-c',
              script,
            ],
            imageBytes: hypervisor.installed.reduce((sum, path) => sum + sizeOf(path), imageBytes),
            many: 3,
          },
        ]
      : []),
  ]
}

function sizeOf(path: string): number {
  const status = lstatSync(path)
  if (!status.isDirectory()) return status.isFile() ? status.size : 0
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

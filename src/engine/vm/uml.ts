/** User Mode Linux: a Linux kernel that is a program. It needs no help of the hardware, and has one CPU. */
import { S } from '../../linux/abi/flags.ts'
import { fileType, listFolder } from '../../linux/file.ts'
import { GUEST } from './jail.ts'
import { CHANNEL, type Hypervisor, type MachineSpec } from './machine.ts'

const PROGRAM = '/usr/bin/linux.uml'
const MODULES = '/usr/lib/uml/modules'
const WANTED = ['fs/overlayfs/overlay', 'drivers/block/loop']

export function findUml(): Hypervisor | undefined {
  if (fileType(PROGRAM) !== S.IFREG) return undefined
  const [release] = listFolder(MODULES).sort().reverse()
  if (release === undefined) return undefined
  const modules = WANTED.map((name) => `${MODULES}/${release}/kernel/${name}.ko`)
  return {
    kind: 'uml',
    title: 'User Mode Linux: no hardware help, one CPU',
    release,
    controllers: ['cpu', 'io', 'memory', 'pids'],
    installed: [PROGRAM, `${MODULES}/${release}`],
    devices: [],
    files: () => ({}),
    modules: modules.filter((path) => fileType(path) !== undefined),
    command: (spec) => [PROGRAM, ...parameters(spec)],
  }
}

/** The kernel's command line. `hostfs=` confines every mount of the host's files, the root among them. */
const parameters = ({ memoryMiB, terminal, program }: MachineSpec): string[] => [
  `mem=${memoryMiB}M`,
  `hostfs=${GUEST}`,
  'root=/dev/root',
  'rootfstype=hostfs',
  'rootflags=/',
  'rw',
  'con0=null,fd:1',
  `con1=fd:${CHANNEL},fd:${CHANNEL}`,
  'con=null',
  'quiet',
  'panic=-1',
  'init=/boot/guest',
  '--',
  'hostfs',
  terminal ? 'terminal' : 'pipes',
  ...program,
]

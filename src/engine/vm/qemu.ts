/**
 * QEMU boots a kernel of this host directly, without firmware's help or a disk: the machine's tree comes by 9p
 * (v9fs(5)), its channel is a port of virtio-serial. With KVM the processor runs it, without it QEMU translates.
 */
import { GUEST_BASE64 } from '../../../build/native/guest.ts'
import { O } from '../../linux/abi/arch.ts'
import { AT, S } from '../../linux/abi/flags.ts'
import { attempt, call } from '../../linux/call.ts'
import { fileType } from '../../linux/file.ts'
import { encodeInitramfs } from './initramfs.ts'
import { GUEST, moduleFile } from './jail.ts'
import { findKernelImage, type KernelImage, readModules } from './kernel-image.ts'
import { CHANNEL, type Hypervisor, type MachineSpec } from './machine.ts'

const PROGRAM = '/usr/bin/qemu-system-x86_64'
const KVM = '/dev/kvm'
const MODULES = ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay', 'loop']
/** Not microvm: where nothing but the TSC tells the time, an emulated kernel may fail to calibrate it. */
const MACHINE = 'q35,smbus=off,sata=off,usb=off,vmport=off'
/** More than one is no faster where each instruction is translated. */
const cpusOf = (kvm: boolean): number => (kvm ? 2 : 1)

/** As an emulator always, and with KVM where that works. */
export function findQemu(): Hypervisor[] {
  const kernel = fileType(PROGRAM) === S.IFREG ? findKernelImage() : undefined
  if (!kernel) return []
  return (kvmRunsKernels() ? [true, false] : [false]).map((kvm) => hypervisor(kernel, kvm))
}

function hypervisor(kernel: KernelImage, kvm: boolean): Hypervisor {
  return {
    kind: kvm ? 'kvm' : 'emulation',
    title: kvm ? 'QEMU with KVM, two CPUs' : 'QEMU without KVM: each instruction translated, one CPU',
    release: kernel.release,
    controllers: ['cpu', 'io', 'memory', 'pids', 'cpuset'],
    installed: [PROGRAM, kernel.path, kernel.modules],
    devices: kvm ? ['kvm'] : [],
    files: () => ({ '/kernel': { path: kernel.path }, '/initramfs': initramfs(kernel) }),
    modules: [],
    command: (spec) => [PROGRAM, ...options(spec, kvm)],
  }
}

function initramfs(kernel: KernelImage): Uint8Array {
  const files: Record<string, Uint8Array> = { '/init': Buffer.from(GUEST_BASE64, 'base64') }
  readModules(kernel, MODULES).forEach((content, i) => {
    files[`/boot/modules/${moduleFile(i)}`] = content
  })
  return encodeInitramfs(files)
}

function options({ memoryMiB, terminal, program }: MachineSpec, kvm: boolean): string[] {
  const owners = call('geteuid', []) === 0 ? 'passthrough' : 'none'
  const share = (id: string, path: string, more: string): string[] => [
    '-fsdev',
    `local,id=${id},path=${path},security_model=${owners},multidevs=remap${more}`,
    '-device',
    `virtio-9p-pci,fsdev=${id},mount_tag=${id}`,
  ]
  return [
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
    ...['-machine', MACHINE, '-accel', kvm ? 'kvm' : 'tcg', '-cpu', kvm ? 'host' : 'max'],
    ...['-m', `${memoryMiB}M`, '-smp', String(cpusOf(kvm))],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-chardev', 'file,id=log,path=/proc/self/fd/1', '-serial', 'chardev:log'],
    ...['-chardev', `socket,id=channel,fd=${CHANNEL}`, '-device', 'virtio-serial-pci'],
    ...['-device', 'virtserialport,chardev=channel'],
    ...share('guest', GUEST, ''),
    ...share('lower', `${GUEST}/lower`, ',readonly=on'),
    ...['-kernel', '/kernel', '-initrd', '/initramfs', '-append'],
    ['console=ttyS0 quiet panic=-1 reboot=t', '--', '9p', terminal ? 'terminal' : 'pipes', ...program].join(
      ' ',
    ),
  ]
}

const KVM_GET_SUPPORTED_CPUID = 0xc008ae05
const HEADER_BYTES = 8
const ENTRY_BYTES = 40
const ENTRIES = 256

/**
 * Some nested hosts offer a /dev/kvm that runs only kernels made for it. What gives them away: they lack SSE3
 * (CPUID.1:ECX bit 0), which every processor that can virtualize has.
 */
function kvmRunsKernels(): boolean {
  const fd = attempt('openat', [AT.FDCWD, KVM, O.RDWR | O.CLOEXEC, 0])
  if (fd < 0) return false
  const cpuid = new Uint8Array(HEADER_BYTES + ENTRIES * ENTRY_BYTES)
  const view = new DataView(cpuid.buffer)
  view.setUint32(0, ENTRIES, true)
  const result = attempt('ioctl', [fd, KVM_GET_SUPPORTED_CPUID, cpuid])
  attempt('close', [fd])
  if (result < 0) return false
  for (let i = 0; i < view.getUint32(0, true); i++) {
    const entry = HEADER_BYTES + i * ENTRY_BYTES
    // struct kvm_cpuid_entry2: function, index, flags, eax, ebx, ecx, edx
    if (view.getUint32(entry, true) === 1) return (view.getUint32(entry + 20, true) & 1) === 1
  }
  return false
}

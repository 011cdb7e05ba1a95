/** Every lesson by name, in the order a class would take them. Loaded when it is played. */
import type { Lesson } from './lesson.ts'

export const lessons: Readonly<Record<string, () => Promise<Lesson>>> = {
  uts: async () => (await import('./lessons/uts.ts')).uts,
  pid: async () => (await import('./lessons/pid.ts')).pid,
  mount: async () => (await import('./lessons/mount.ts')).mount,
  network: async () => (await import('./lessons/network.ts')).network,
  ipc: async () => (await import('./lessons/ipc.ts')).ipc,
  user: async () => (await import('./lessons/user.ts')).user,
  cgroup: async () => (await import('./lessons/cgroup-namespace.ts')).cgroupNamespace,
  time: async () => (await import('./lessons/time.ts')).time,
  namespaces: async () => (await import('./lessons/namespaces.ts')).namespaces,
  cpu: async () => (await import('./lessons/cpu.ts')).cpu,
  memory: async () => (await import('./lessons/memory.ts')).memory,
  pids: async () => (await import('./lessons/pids.ts')).pids,
  io: async () => (await import('./lessons/io.ts')).io,
  freeze: async () => (await import('./lessons/freeze.ts')).freeze,
  pressure: async () => (await import('./lessons/pressure.ts')).pressure,
  rootfs: async () => (await import('./lessons/rootfs.ts')).rootfs,
  layers: async () => (await import('./lessons/layers.ts')).layers,
  capabilities: async () => (await import('./lessons/capabilities.ts')).capabilities,
  seccomp: async () => (await import('./lessons/seccomp.ts')).seccomp,
  'no-new-privs': async () => (await import('./lessons/no-new-privs.ts')).noNewPrivs,
  'masked-paths': async () => (await import('./lessons/masked-paths.ts')).maskedPaths,
  escape: async () => (await import('./lessons/escape.ts')).escapeThroughDisk,
  'kernel-sharing': async () => (await import('./lessons/kernel-sharing.ts')).kernelSharing,
  'build-a-container': async () => (await import('./lessons/build-a-container.ts')).buildAContainer,
}

/** Programs that a peer passes and tinyctr need not, with the reason. One that passes after all is to be struck off. */

const v1 =
  'reads the limits from cgroup v1, which a hybrid host binds the controllers to; tinyctr sets them on v2 alone'

export const excused: Readonly<Record<string, string>> = {
  delete_resources: v1,
  linux_cgroups_cpus: v1,
  linux_cgroups_devices: v1,
  linux_cgroups_pids: v1,
  linux_cgroups_relative_cpus: v1,
  linux_cgroups_relative_devices: v1,
  linux_cgroups_relative_pids: v1,
}

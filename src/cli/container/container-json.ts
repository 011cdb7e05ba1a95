/** A container as `docker inspect` prints it (moby api/types/container.InspectResponse), in values of Go templates. */

import {
  containerArguments,
  stopSignal,
  containerFolder as workingFolder,
} from '../../engine/config/container-command.ts'
import { containerHostname } from '../../engine/config/container-config.ts'
import type { MountRequest } from '../../engine/config/mount-request.ts'
import { readHealth } from '../../engine/container/health.ts'
import type { Container } from '../../engine/container/list.ts'
import { type ContainerFolders, containerFolder } from '../../engine/container/record.ts'
import { readTextIfAny } from '../../linux/file.ts'
import { Nil } from '../format/go-value.ts'
import { rfc3339Nano } from '../format/units.ts'
import { labelsOf } from './container-row.ts'
import { hostConfigJson } from './host-config-json.ts'
import { networkSettingsJson } from './network-settings-json.ts'

export interface ContainerJsonOptions extends ContainerFolders {
  /** Bytes that it wrote, and those with its image's: `--size`. */
  readonly size?: { readonly own: number; readonly whole: number }
}

export function containerJson(container: Container, { root, dataRoot, size }: ContainerJsonOptions): object {
  const { id, name, record, state } = container
  const { image, options } = record
  const [path = '', ...args] = containerArguments(image.config, options)
  const folder = containerFolder(dataRoot, id)
  const etc = `${root}/${id}`
  return {
    Id: id,
    Created: rfc3339Nano(state.createdAt),
    Path: path,
    Args: args,
    State: stateJson(container, dataRoot),
    Image: image.id,
    ResolvConfPath: `${etc}/resolv.conf`,
    HostnamePath: `${etc}/hostname`,
    HostsPath: `${etc}/hosts`,
    LogPath: /^(json-file|local)$/.test(options.log.driver) ? `${folder}/${id}-json.log` : '',
    Name: `/${name}`,
    RestartCount: state.restartCount,
    Driver: 'overlay2',
    Platform: image.platform.os,
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: options.security.apparmor ?? '',
    ExecIDs: new Nil('list'),
    HostConfig: hostConfigJson(options),
    GraphDriver: {
      Data: new Map([
        ['LowerDir', image.layerDirectories.join(':')],
        ['MergedDir', `${etc}/rootfs`],
        ['UpperDir', `${folder}/upper`],
        ['WorkDir', `${folder}/work`],
      ]),
      Name: 'overlay2',
    },
    ...(size && { SizeRw: size.own, SizeRootFs: size.whole }),
    Mounts: options.mounts.filter(({ type }) => type !== 'tmpfs').map(mountJson),
    Config: configJson(container),
    NetworkSettings: networkSettingsJson(container, root),
  }
}

function stateJson(container: Container, dataRoot: string): object {
  const { state } = container
  const { status } = state
  return {
    Status: status,
    Running: status === 'running' || status === 'paused' || status === 'restarting',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: status === 'dead',
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: readTextIfAny(`${containerFolder(dataRoot, container.id)}/error`) ?? '',
    StartedAt: rfc3339Nano(state.startedAt),
    FinishedAt: rfc3339Nano(state.finishedAt),
    Health: readHealth(dataRoot, container) ?? new Nil('pointer', true),
  }
}

function mountJson(mount: MountRequest): object {
  if (mount.type === 'tmpfs') return { Type: 'tmpfs', Destination: mount.destination }
  const isVolume = mount.type === 'volume'
  return {
    Type: mount.type,
    ...(isVolume && { Name: mount.name }),
    Source: mount.source ?? '',
    Destination: mount.destination,
    ...(isVolume && { Driver: mount.driver ?? 'local' }),
    Mode: mount.readonly ? 'ro' : isVolume ? 'z' : '',
    RW: !mount.readonly,
    Propagation: isVolume ? '' : mount.propagation,
  }
}

function configJson(container: Container): object {
  const { id, record } = container
  const { config } = record.image
  const { options } = record
  const exposed = Object.keys(config.ExposedPorts ?? {})
  const entrypoint = options.entrypoint === undefined ? config.Entrypoint : [options.entrypoint]
  const command =
    options.command.length > 0 || options.entrypoint !== undefined ? options.command : config.Cmd
  const signal = stopSignal(config, options)
  const attached = options.interactive
  return {
    Hostname: containerHostname(id, options, { hostname: '' }),
    Domainname: options.domainname ?? '',
    User: options.user ?? config.User ?? '',
    AttachStdin: attached,
    AttachStdout: false,
    AttachStderr: false,
    ExposedPorts: exposed.length > 0 ? new Map(exposed.map((port) => [port, {}])) : new Nil('map', true),
    Tty: options.terminal,
    OpenStdin: options.interactive,
    StdinOnce: false,
    Env: environmentOf(options.environment, config.Env ?? []),
    Cmd: orNil(command),
    Healthcheck:
      options.health ?? (config as { Healthcheck?: object }).Healthcheck ?? new Nil('pointer', true),
    Image: options.image,
    Volumes: config.Volumes ? new Map(Object.entries(config.Volumes)) : new Nil('map'),
    WorkingDir: options.workdir === undefined && !config.WorkingDir ? '' : workingFolder(config, options),
    Entrypoint: orNil(entrypoint),
    OnBuild: new Nil('list'),
    Labels: new Map(Object.entries(labelsOf(container))),
    StopSignal: signal ?? new Nil('text', true),
    StopTimeout: options.stopTimeoutSeconds ?? new Nil('pointer', true),
  }
}

const orNil = (list: readonly string[] | null | undefined): unknown =>
  list === null || list === undefined || list.length === 0 ? new Nil('list') : list

/** The user's variables, then those of the image that he did not set. */
function environmentOf(user: readonly string[], image: readonly string[]): string[] {
  const nameOf = (variable: string): string => variable.split('=', 1)[0]!
  const set = new Set(user.map(nameOf))
  return [
    ...user.filter((variable) => variable.includes('=')),
    ...image.filter((one) => !set.has(nameOf(one))),
  ]
}

/** Netlink messages as strace(1) prints them: `RTM_NEWLINK(NLM_F_CREATE, {ifi_flags=IFF_UP, IFLA_IFNAME="eth0"})`. */
import { NLM_F } from '../flags.ts'
import { type Family, isSlot, type Slot } from '../kinds.ts'
import { layoutOf } from '../structs.ts'
import { type Batch, MESSAGES, type Message, type Sum } from './messages.ts'

type PrintFlags = (family: Family, value: number) => string

export const printBatch = ({ netlink }: Batch, printFlags: PrintFlags): string =>
  `[${netlink.map((one) => printMessage(one, printFlags)).join(', ')}]`

function printMessage({ type, flags, header, attributes }: Message, printFlags: PrintFlags): string {
  const { fields } = layoutOf(MESSAGES[type][1])
  const head = Object.entries(header).map(([name, value]) => {
    const family = fields.find((field) => field.name === name)?.family
    const printed =
      typeof value === 'object' ? printNumber(value) : family ? printFlags(family, value) : value
    return `${name}=${printed}`
  })
  const names = Object.entries(NLM_F)
    .filter(([, bit]) => flags & bit)
    .map(([name]) => `NLM_F_${name}`)
  const parts = [...head, ...printAttributes(attributes)]
  return `${type}(${names.length > 0 ? `${names.join('|')}, ` : ''}{${parts.join(', ')}})`
}

const printNumber = (value: Slot | Sum): string =>
  isSlot(value)
    ? `$${value.slot}`
    : `0x${value.base.toString(16)}+${isSlot(value.plus) ? `$${value.plus.slot}` : value.plus}`

function printAttributes(attributes: object): string[] {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${printValue(value)}`)
}

function printValue(value: unknown): string {
  if (isSlot(value)) return `$${value.slot}`
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Uint8Array)
    return `<${Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join(' ')}>`
  if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`
  if (typeof value === 'object' && value !== null) return `{${printAttributes(value).join(', ')}}`
  return String(value)
}

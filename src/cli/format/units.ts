/** Sizes and durations as docker/go-units has people read them. */
/** C's %.Ng: so many significant digits, no zeros at the end, an exponent where there are more digits before the point. */
function significant(value: number, digits: number): string {
  if (value === 0) return '0'
  const [mantissa = '', exponent = '0'] = value.toExponential(digits - 1).split('e')
  const power = Number(exponent)
  if (power >= -4 && power < digits) return String(Number(value.toPrecision(digits)))
  return `${Number(mantissa)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes
  let unit = 0
  for (; value >= base && unit < units.length - 1; unit++) value /= base
  return significant(value, digits) + units[unit]!
}

/** Powers of 1000, `4.26MB`: HumanSize, with 4 digits, or HumanSizeWithPrecision. */
export const humanSize = (bytes: number, digits = 4): string =>
  scaled(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'], digits)

/** Powers of 1024, `1.5GiB`. */
export const bytesSize = (bytes: number): string =>
  scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'], 4)

/** `3 minutes`, `About an hour`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  const minutes = Math.trunc(seconds / 60)
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.trunc(milliseconds / 3_600_000 + 0.5)
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`
  return `${Math.trunc(milliseconds / 3_600_000 / 24 / 365)} years`
}

export const percentage = (value: number): string => `${value.toFixed(2)}%`

/** No more than so many characters, the last of which says that there were more. */
export function ellipsis(text: string, most: number): string {
  if (text.length <= most) return text
  const characters = [...text]
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}

const twoDigits = (value: number): string => String(value).padStart(2, '0')

/** Go's time.String() in the local zone, whole seconds: `2024-05-01 12:00:00 +0200 CEST`. */
export function goTime(milliseconds: number): string {
  const date = new Date(milliseconds)
  const offset = -date.getTimezoneOffset()
  const sign = offset < 0 ? '-' : '+'
  const zone = sign + twoDigits(Math.trunc(Math.abs(offset) / 60)) + twoDigits(Math.abs(offset) % 60)
  const day = `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`
  const time = `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}`
  return `${day} ${time} ${zone} ${offset === 0 ? 'UTC' : zoneName(date, zone)}`
}

/** `CEST` where it is known; else, as Go has it for zones without a name, the offset. */
function zoneName(date: Date, offset: string): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date)
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  return /^[A-Z]+$/.test(name) ? name : offset.replace(/00$/, '')
}

/** RFC 3339 with nanoseconds and no zeros at the end, as Go marshals a time. */
export function rfc3339Nano(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0001-01-01T00:00:00Z'
  const whole = new Date(Number(nanoseconds / 1_000_000n)).toISOString().slice(0, 19)
  const fraction = String(nanoseconds % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${whole}${fraction === '' ? '' : `.${fraction}`}Z`
}

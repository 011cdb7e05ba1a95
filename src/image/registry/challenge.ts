/** `WWW-Authenticate` (RFC 9110, 11.6.1): what a registry wants to see before it answers. */

export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  scheme: string
  parameters: Record<string, string>
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const parameter = new RegExp(`\\s*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))\\s*(?:,|$)`, 'y')
const scheme = new RegExp(`[\\s,]*(${token})(?:\\s+|$|,)`, 'y')

/** All challenges of a header; several headers arrive joined by commas. What cannot be read ends the list. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(header)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  for (let begin = take(scheme); begin !== null; begin = take(scheme)) {
    const parameters: Record<string, string> = {}
    for (let each = take(parameter); each !== null; each = take(parameter)) {
      parameters[each[1]!.toLowerCase()] = each[2]?.replace(/\\(.)/g, '$1') ?? each[3]!
    }
    challenges.push({ scheme: begin[1]!.toLowerCase(), parameters })
  }
  return challenges
}

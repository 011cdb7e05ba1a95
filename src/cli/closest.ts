/** "Did you mean": the known name nearest to a mistyped one. */

/** Damerau-Levenshtein (optimal string alignment): letters left out, added, changed or swapped with a neighbour. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    const above = rows[i - 1]!
    for (let j = 1; j <= b.length; j++) {
      const change = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(above[j]! + 1, row[j - 1]! + 1, change)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, rows[i - 2]![j - 2]! + 1)
      }
      row.push(least)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

/** The nearest of `names` at most two mistakes (one in a short word) away. */
export function closest(typed: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = typed.length <= 3 ? 1 : 2
  for (const name of names) {
    const mistakes = distance(typed, name)
    if (mistakes < fewest || (mistakes === fewest && best === undefined)) {
      best = name
      fewest = mistakes
    }
  }
  return best
}

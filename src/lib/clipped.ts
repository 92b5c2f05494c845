// Texts of clients, shortened for where they are quoted or kept: one alone may be as long as a string of the protocol can be.

/** At most `lengthMax` characters of `text`, then an ellipsis if that is not all. No surrogate pair is cut in two. Pure. */
export function clipped(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  return `${withoutHalfPair(text.slice(0, lengthMax))}…`
}

const withoutHalfPair = (text: string): string => (/[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text)

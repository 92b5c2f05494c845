// Bars as SVG: a case a group of bars, a contender a bar. Pure.

interface Bar {
  readonly label: string
  readonly value: number
  readonly color: string
}

export interface BarGroup {
  readonly title: string
  readonly bars: readonly Bar[]
}

const WIDTH = 760
const LABEL_WIDTH = 190
const BAR_HEIGHT = 16
const GROUP_GAP = 14
const TITLE_HEIGHT = 20
const VALUE_WIDTH = 80

/** All bars to one scale, which begins at 0. */
export function barChart(title: string, unit: string, groups: readonly BarGroup[]): string {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value }) => value)))
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / most
  const parts: string[] = []
  let y = 2 * TITLE_HEIGHT
  for (const group of groups) {
    parts.push(`<text x="0" y="${y + 13}" class="case">${escaped(group.title)}</text>`)
    y += TITLE_HEIGHT
    for (const { label, value, color } of group.bars) {
      const width = Math.max(1, value * scale).toFixed(1)
      parts.push(`<text x="${LABEL_WIDTH - 8}" y="${y + 12}" text-anchor="end">${escaped(label)}</text>`)
      parts.push(`<rect x="${LABEL_WIDTH}" y="${y + 1}" width="${width}" height="${BAR_HEIGHT - 3}" fill="${color}"/>`)
      parts.push(`<text x="${(LABEL_WIDTH + Number(width) + 6).toFixed(1)}" y="${y + 12}">${shown(value)}</text>`)
      y += BAR_HEIGHT
    }
    y += GROUP_GAP
  }
  const style = 'text{font:12px sans-serif;fill:#333}.title{font-weight:bold;font-size:14px}.case{font-weight:bold}'
  const heading = `<text x="0" y="16" class="title">${escaped(`${title} (${unit})`)}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">`,
    `<style>${style}</style><rect width="100%" height="100%" fill="#fff"/>`,
    heading,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

const shown = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

import { describe, expect, it } from 'vitest'
import { openFilesMax, openFilesMaxOf } from '../../src/disk/open-files-max.ts'

function limits(openFiles: string): string {
  return [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             95879                95879                processes ',
    `Max open files            ${openFiles.padEnd(20)} ${openFiles.padEnd(20)} files     `,
    'Max locked memory         8388608              8388608              bytes     ',
    '',
  ].join('\n')
}

describe('the most segment files that are open at once', () => {
  it('is a quarter of the descriptors of the process', () => {
    expect(openFilesMaxOf(limits('20000'))).toBe(5000)
    expect(openFilesMaxOf(limits('4096'))).toBe(1024)
  })

  it('is 500 at least and 10,000 at most', () => {
    expect(openFilesMaxOf(limits('1024'))).toBe(500)
    expect(openFilesMaxOf(limits('1048576'))).toBe(10_000)
    expect(openFilesMaxOf(limits('unlimited'))).toBe(10_000)
  })

  it('is 500 where the limit is not known', () => {
    expect(openFilesMaxOf('')).toBe(500)
  })

  it('is one of these for this process', () => {
    const max = openFilesMax()
    expect(max).toBeGreaterThanOrEqual(500)
    expect(max).toBeLessThanOrEqual(10_000)
  })
})

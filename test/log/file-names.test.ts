import { describe, expect, it } from 'vitest'
import {
  deletedFolderName,
  isDeletedFolderName,
  offsetFileName,
  parseLogFolderName,
  parseOffsetFileName,
} from '../../src/log/file-names.ts'

describe('file names', () => {
  it('carry offsets of twenty digits', () => {
    expect(offsetFileName(1234, 'timeindex')).toBe('00000000000000001234.timeindex')
    expect(offsetFileName(Number.MAX_SAFE_INTEGER, 'log')).toBe('00009007199254740991.log')
    expect(parseOffsetFileName('00000000000000001234.snapshot')).toEqual({ offset: 1234, kind: 'snapshot' })
  })

  it.each(['1234.log', '00000000000000001234.log.deleted', '00000000000000001234.swap', 'leader-epoch-checkpoint'])(
    'pass over %s',
    (name) => {
      expect(parseOffsetFileName(name)).toBeUndefined()
    },
  )

  it('tell topic and partition apart at the last hyphen', () => {
    expect(parseLogFolderName('orders-0')).toEqual({ topic: 'orders', partition: 0 })
    expect(parseLogFolderName('a-b-12')).toEqual({ topic: 'a-b', partition: 12 })
  })

  it.each(['orders', 'orders-', '-3', 'orders-x', `orders-0.${'a'.repeat(32)}-delete`, 'or ders-1'])(
    'see no log in a folder named %s',
    (name) => {
      expect(parseLogFolderName(name)).toBeUndefined()
    },
  )

  it('mark a log that is being deleted with an id of its own, within what a file system takes', () => {
    expect(deletedFolderName('orders-0')).toMatch(/^orders-0\.[0-9a-f]{32}-delete$/)
    expect(deletedFolderName('orders-0')).not.toBe(deletedFolderName('orders-0'))
    const long = deletedFolderName(`${'t'.repeat(249)}-11`)
    expect(long.length).toBe(255)
    expect(isDeletedFolderName(long)).toBe(true)
    expect(isDeletedFolderName('orders-0')).toBe(false)
  })
})

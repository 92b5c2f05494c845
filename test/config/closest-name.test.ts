import { describe, expect, it } from 'vitest'
import { closestName } from '../../src/config/closest-name.ts'

describe('the closest name', () => {
  it('is the one with the fewest edits', () => {
    expect(closestName('ordrs', ['offers', 'orders', 'borders'])).toBe('orders')
    expect(closestName('odrers', ['orders'])).toBe('orders')
    expect(closestName('Orders', ['orders'])).toBe('orders')
  })

  it('is none when nothing is near', () => {
    expect(closestName('payments', ['orders', 'users'])).toBeUndefined()
    expect(closestName('a', [])).toBeUndefined()
    expect(closestName('ab', ['xy'])).toBeUndefined()
  })
})

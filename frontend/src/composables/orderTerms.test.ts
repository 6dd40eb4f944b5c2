import { describe, expect, it } from 'vitest'
import { BUY, LIMIT, MARKET, newClientOrderId, ticketFault } from './orderTerms'

describe('a ticket', () => {
  const fields = { side: BUY, type: LIMIT, qty: '10', limitPrice: '190.50' } as const

  it.each([
    [{}, undefined],
    [{ type: MARKET, limitPrice: '' } as const, undefined],
    [{ limitPrice: '0.30' }, undefined],
    [{ limitPrice: '190.5000' }, undefined],
    [{ qty: '' }, 'Enter a quantity above zero.'],
    [{ qty: '0' }, 'Enter a quantity above zero.'],
    [{ qty: '-3' }, 'Enter a quantity above zero.'],
    [{ qty: '1e3' }, 'Enter a quantity above zero.'],
    [{ qty: '1.5' }, 'The quantity is a multiple of 1.'],
    [{ limitPrice: '' }, 'Enter a limit price above zero.'],
    [{ limitPrice: '190.505' }, 'The price is a multiple of 0.01.'],
  ])('with %o is told %s', (change, fault) => {
    expect(ticketFault({ ...fields, ...change }, '0.01', '1')).toBe(fault)
  })

  it('counts in units of its own', () => {
    expect(ticketFault({ ...fields, qty: '150' }, '0.01', '100')).toBe('The quantity is a multiple of 100.')
    expect(ticketFault({ ...fields, limitPrice: '0.3' }, '0.1', '1')).toBeUndefined()
  })

  it('has an id of its own each time, short enough for the server', () => {
    const ids = Array.from({ length: 100 }, newClientOrderId)
    expect(new Set(ids).size).toBe(100)
    expect(ids.every((id) => id.length <= 64)).toBe(true)
  })
})

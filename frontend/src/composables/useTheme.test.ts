import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { useTheme } from './useTheme'

let light: boolean
let listeners: Set<() => void>

beforeEach(() => {
  light = false
  listeners = new Set()
  localStorage.clear()
  vi.stubGlobal('matchMedia', () => ({
    get matches() {
      return light
    },
    addEventListener: (_: string, listener: () => void) => listeners.add(listener),
    removeEventListener: (_: string, listener: () => void) => listeners.delete(listener),
  }))
})

afterEach(() => {
  vi.unstubAllGlobals()
})

function system(isLight: boolean): void {
  light = isLight
  for (const listener of listeners) listener()
}

const shown = (): string | undefined => document.documentElement.dataset['theme']

describe('the theme', () => {
  it('is the system’s, also when that changes', () => {
    const scope = effectScope()
    const { theme } = scope.run(useTheme) ?? expect.fail()
    expect([theme.value, shown()]).toEqual(['dark', 'dark'])
    system(true)
    expect([theme.value, shown()]).toEqual(['light', 'light'])
    scope.stop()
    expect(listeners.size).toBe(0)
  })

  it('is what the user chose from then on, and is remembered', () => {
    const scope = effectScope()
    const { theme, toggle } = scope.run(useTheme) ?? expect.fail()
    toggle()
    expect([theme.value, shown()]).toEqual(['light', 'light'])
    system(true)
    system(false)
    expect(theme.value).toBe('light')
    scope.stop()
    expect(effectScope().run(useTheme)?.theme.value).toBe('light')
  })

  it('works where nothing can be remembered', () => {
    const forbidden = (): never => {
      throw new DOMException('denied', 'SecurityError')
    }
    vi.stubGlobal('localStorage', { getItem: forbidden, setItem: forbidden })
    const { theme, toggle } = effectScope().run(useTheme) ?? expect.fail()
    toggle()
    expect(theme.value).toBe('light')
  })
})

import { onScopeDispose, readonly, shallowRef } from 'vue'
import type { Ref } from 'vue'

export type Theme = 'dark' | 'light'

const STORED = 'topicwire.theme'

function remembered(): Theme | undefined {
  try {
    const value = localStorage.getItem(STORED)
    return value === 'dark' || value === 'light' ? value : undefined
  } catch {
    // Storage may be forbidden; then the system's choice counts each time.
    return undefined
  }
}

/** The page's theme: the system's until the user chooses, then the user's, remembered. */
export function useTheme(): { theme: Readonly<Ref<Theme>>; toggle: () => void } {
  const system = matchMedia('(prefers-color-scheme: light)')
  const theme = shallowRef<Theme>(remembered() ?? (system.matches ? 'light' : 'dark'))

  function apply(next: Theme): void {
    document.documentElement.dataset['theme'] = next
    theme.value = next
  }

  function follow(): void {
    if (remembered() === undefined) apply(system.matches ? 'light' : 'dark')
  }

  apply(theme.value)
  system.addEventListener('change', follow)
  onScopeDispose(() => {
    system.removeEventListener('change', follow)
  })

  return {
    theme: readonly(theme),
    toggle(): void {
      const next = theme.value === 'dark' ? 'light' : 'dark'
      try {
        localStorage.setItem(STORED, next)
      } catch {
        // Not remembered, but changed.
      }
      apply(next)
    },
  }
}

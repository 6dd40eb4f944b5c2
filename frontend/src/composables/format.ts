// One formatter an option set: constructing an Intl formatter costs far more than using it.
const formatters = new Map<string, Intl.NumberFormat>()

function formatter(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options)
  let found = formatters.get(key)
  if (found === undefined) {
    found = new Intl.NumberFormat('en-US', options)
    formatters.set(key, found)
  }
  return found
}

/** What is shown where there is no value. */
export const NO_VALUE = '–'

// A real minus is as wide as a digit and a plus, so columns do not jump when the sign changes.
function typographic(text: string): string {
  return text.replace('-', '−')
}

/** `1,234.50`; a decimal string keeps its digits up to `decimals`. */
export function formatPrice(value: number | string | null | undefined, decimals = 2): string {
  if (value === null || value === undefined || value === '') return NO_VALUE
  const number = Number(value)
  if (!Number.isFinite(number)) return NO_VALUE
  return typographic(
    formatter({ minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(number),
  )
}

/** `+1.20`, `−1.20` or `0.00`: never a signed zero. */
export function formatChange(value: number | null | undefined, decimals = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE
  return typographic(
    formatter({
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      signDisplay: 'exceptZero',
    }).format(value),
  )
}

/** `+0.59%`; the value is in percent already. */
export function formatPercent(value: number | null | undefined): string {
  const text = formatChange(value)
  return text === NO_VALUE ? text : `${text}%`
}

/** `982`, `12.4K`, `3.07M`: three digits, as fits a narrow column. */
export function formatVolume(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE
  const digits = { maximumSignificantDigits: 3, ...(value < 1000 ? {} : { minimumSignificantDigits: 3 }) }
  return formatter({ notation: 'compact', ...digits }).format(value)
}

/** A quantity as it is, grouped: `1,000`, `0.5`. */
export function formatQuantity(value: number | string | null | undefined): string {
  if (value === null || value === undefined || value === '') return NO_VALUE
  const number = Number(value)
  return Number.isFinite(number)
    ? typographic(formatter({ maximumFractionDigits: 8 }).format(number))
    : NO_VALUE
}

/** `up`, `down` or `flat`, judged on what is shown rather than on a fraction of a cent. */
export function direction(change: number | null | undefined, decimals = 2): 'up' | 'down' | 'flat' {
  if (change === null || change === undefined || !Number.isFinite(change)) return 'flat'
  const shown = Number(change.toFixed(decimals))
  return shown > 0 ? 'up' : shown < 0 ? 'down' : 'flat'
}

/** `3 ms`, `1.2 s`. */
export function formatLatency(milliseconds: number): string {
  if (milliseconds < 1) return '<1 ms'
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}

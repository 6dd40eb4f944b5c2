/** How instants are written on the chart, in the market's time zone. */
export interface ChartClock {
  /** `14:05` */
  time(seconds: number): string
  /** `23 Nov` */
  day(seconds: number): string
  /** `Nov` */
  month(seconds: number): string
  year(seconds: number): string
  /** `Sun, 23 Nov 2025, 14:05`, without the time for days. */
  full(seconds: number, daily: boolean): string
}

/**
 * A clock for a zone of the IANA database.
 *
 * @throws RangeError - the zone is unknown
 */
export function chartClock(timeZone: string): ChartClock {
  const write = (options: Intl.DateTimeFormatOptions): ((seconds: number) => string) => {
    const format = new Intl.DateTimeFormat('en-GB', { timeZone, ...options })
    return (seconds) => format.format(seconds * 1000)
  }
  const date = write({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
  const time = write({ hour: '2-digit', minute: '2-digit' })
  return {
    time,
    day: write({ day: 'numeric', month: 'short' }),
    month: write({ month: 'short' }),
    year: write({ year: 'numeric' }),
    full: (seconds, daily) => (daily ? date(seconds) : `${date(seconds)}, ${time(seconds)}`),
  }
}

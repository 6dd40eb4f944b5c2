import { inject, provide } from 'vue'
import type { Clock } from '@topicwire/client'
import type { App, InjectionKey } from 'vue'
import type { RestClient } from '@/plugins/restClient'
import type { WsAdapter } from '@/plugins/wsAdapter'

/** The two ways to the server. Given once, so that a test can give others. */
export interface Services {
  readonly ws: WsAdapter
  readonly rest: RestClient
  /** What measures time. Default: the browser's; a test gives the one that it advances. */
  readonly clock?: Clock
}

const key: InjectionKey<Services> = Symbol('services')

/** Makes the services known to an application, or to the components below the calling one. */
export function provideServices(services: Services, app?: App): void {
  if (app === undefined) provide(key, services)
  else app.provide(key, services)
}

/**
 * The services given above.
 *
 * @throws Error - nobody has given any
 */
export function useServices(): Services {
  const services = inject(key)
  if (services === undefined) {
    throw new Error(
      'No services here: call provideServices({ ws, rest }, app) before the application is mounted.',
    )
  }
  return services
}

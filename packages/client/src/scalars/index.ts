/**
 * `@topicwire/client/scalars`: clients of routes whose scalars are mapped to types of your own, such as `Date` for
 * `date-time`. Where none are mapped nobody needs it, and none of it is in a bundle.
 */
export {
  createClient,
  defineAdapter,
  type Client,
  type ConvertedRoute,
  type ConvertedRouteMap,
  type PlainRoutes,
  type RouteCodecs,
  type RouteEntry,
} from './client.js'
export { decoded, encoded, type Codec, type Scalar } from './codec.js'

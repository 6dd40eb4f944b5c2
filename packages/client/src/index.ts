export { createClient, defineAdapter, type AdapterConstructor } from './client.js'
export {
  TopicwireError,
  type ClientErrorCode,
  type ErrorCode,
  type ErrorDetail,
  type ServerErrorCode,
  type TopicwireErrorFields,
} from './errors.js'
export type {
  BackoffOptions,
  ClientOptions,
  Clock,
  Login,
  LoginSteps,
  LoginWire,
  NoticeListener,
  SubscribeOptions,
  TopicMark,
  Validate,
  Wait,
  WebSocketConstructor,
  WebSocketLike,
} from './options.js'
export type {
  Accepted,
  Calls,
  Client,
  DeliveryPolicy,
  Gap,
  NoOperations,
  Operation,
  OperationParameters,
  Operations,
  Route,
  RouteClient,
  RouteMap,
  RouteName,
  Subscriptions,
  UpdateInfo,
  UpdateListener,
} from './routes.js'
export type { Connection, ConnectionEvents, ConnectionStatus } from './status.js'

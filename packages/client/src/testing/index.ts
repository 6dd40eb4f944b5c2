export { FakeConnection } from './fake-connection.js'
export {
  FakeServer,
  topicOf,
  type FakeServerOptions,
  type ReceivedCommand,
  type Script,
} from './fake-server.js'
export { ManualClock } from './manual-clock.js'

/**
 * `@topicwire/client/worker/script`: what runs in the worker, for pages whose content security policy forbids workers of blobs.
 * As a module of a worker it needs no other.
 */
import { gather, type WorkerScope } from './gather.js'

gather(globalThis as unknown as WorkerScope)

/** Offered before the one of JSON. */
export const MSGPACK_SUBPROTOCOL = 'topicwire.v1+msgpack'

import type { Listener, Performer, Session, Tell } from './effects.js'
import { fault, type TopicwireError } from './errors.js'
import { errorOf, type Members, type Received, type ServerMessage, type UpdateMembers } from './frames.js'
import { isKnown, placeAt, type Place } from './place.js'
import { goOn, pass } from './progress.js'
import { ANSWERED, ASKED, ENDING, FREE, RESTING, waiting, type Target } from './target.js'

/** Refusals that may pass. */

export function newSession<Token extends Listener>(host: Performer, tell: Tell<Token>): Session<Token> {
  /** The server lets 64 commands wait; half of it leaves room for another's. */
  const WINDOW = 32
  const targets = new Map<string, Target<Token>>()
  const inFlight = new Map<unknown, Target<Token>>()
  /** What waits for room on the wire, first come first served. */
  const queue = new Set<Target<Token>>()
  let isOpen = false
  let lastId = 0
  let lastCall = 0

  const select = (matches: (target: Target<Token>) => unknown): Target<Token>[] =>
    [...targets.values()].filter(matches)
  const holdersOf = (route: string, topic: string): Target<Token>[] =>
    select((target) => target.route === route && target.places.has(topic))

  /**
   * The server has accepted it: on from where it stood, or from a new place. The server sends a topic once a connection,
   * so who comes to it by another request is announced no state, and has that of the topic's other holders.
   *
   * Where it is on the server was asked for states alone, and those that it announces follow. Where there is none, who
   * waits begins without, as anybody would who subscribes now; that of a topic whose producer is dead comes with its reset.
   */
  const accept = (target: Target<Token>, reply: Members): void => {
    const { listeners, places, route } = target
    const awaited: string[] | undefined = target.live ? [] : undefined
    target.delivery = reply.delivery
    target.staleAfterS = reply.stale_after_s
    target.places = new Map()
    for (const item of reply.topics ?? [reply]) {
      const { topic = target.key } = item
      const place = places.get(topic)
      const next = placeAt(topic, item)
      if (place && awaited) {
        target.places.set(topic, place)
        if (!place.state && (next.due || place.isInterrupted)) awaited.push(topic)
        continue
      }
      const taken = place ? goOn(tell, target, place, next, item.recovered) : next
      if (taken === next) {
        // What the server has said goes for all; the state that it has announced comes first.
        for (const [, waits] of listeners) waits?.delete(topic)
      }
      settleAt(target, taken, next.whole)
      for (const { live, places: others } of taken.due ? [] : holdersOf(route, topic)) {
        const there = others.get(topic)
        if (!live || taken.state || !there?.state || there.epoch !== taken.epoch || there.seq !== taken.seq)
          continue
        taken.state = there.state
        // Who waits for it, or was told of a gap, goes on from it too.
        for (const [token, waits] of listeners) {
          if (waits?.delete(topic) || (waits && taken === next)) giveState(token, taken)
        }
      }
    }
    target.reach = JSON.stringify([route, ...target.places.keys()])
    target.live = true
    target.busy = awaited ? ANSWERED : FREE
    target.failures = 0
    welcome(target, awaited)
  }

  /**
   * Accepts who is not accepted yet, unless the server is to be asked for a state first; who comes late is given the
   * present one. `awaited` are the topics whose states are still to come after that.
   */
  const welcome = (target: Target<Token>, awaited?: readonly string[]): void => {
    const { listeners, places } = target
    const all = [...places.values()]
    if (!awaited && all.some(({ hasStates, whole, state, fresh }) => hasStates && !whole && !state && !fresh))
      return
    for (const [token, waits] of listeners) {
      if (waits && !awaited) continue
      listeners.set(token, new Set(awaited?.filter((topic) => !waits || waits.has(topic))))
      if (waits) continue
      tell(token, token.settled, { topics: [...places.keys()] })
      for (const place of all) giveState(token, place)
      for (const place of all) noteTo(token, target, place)
    }
  }

  /** Goes on from a place that the server has named. */
  const settleAt = (
    target: Target<Token>,
    place: Place,
    whole: boolean | undefined,
    isInterrupted?: boolean,
  ): void => {
    place.whole = whole
    target.places.set(place.topic, place)
    note(target, place, isInterrupted)
  }

  /** The topic goes on from here, perhaps in a new numbering. Who is still to be accepted learns of it from the reply. */
  const moved = (target: Target<Token>, topic: string, payload: Members): void => {
    const place = target.places.get(topic) as Place
    const next = placeAt(topic, payload)
    settleAt(target, goOn(tell, target, place, next, false, payload.reason ?? 'reset'), place.whole, false)
  }

  const giveState = (token: Token, { state }: Place): void => {
    if (state) {
      tell(token, token.take, state[0], { ...state[1], snapshot: true })
    }
  }

  const noteTo = (token: Token, { staleAfterS }: Target<Token>, { mark, isInterrupted }: Place): void =>
    tell(token, token.noted, mark, isInterrupted, staleAfterS, host.wait)

  /** The server has said of a topic where it stands, that it begins anew (false) or that it is interrupted. */
  const note = (target: Target<Token>, place: Place, isInterrupted?: boolean): void => {
    place.isInterrupted = isInterrupted
    for (const [token, accepted] of target.listeners) if (accepted) noteTo(token, target, place)
  }

  /** Who has a topic, of any route: a page of a thousand subscriptions cannot look at each for each update. */
  const having = new Map<unknown, Target<Token>[]>()

  const handle = (one: Received): void => {
    const { type, id, payload } = (
      (one as ServerMessage).type ? one : JSON.parse(one as string)
    ) as ServerMessage
    const asked = inFlight.get(id)
    const members = (payload ?? {}) as Members
    const dot = type.lastIndexOf('.')
    const kind = type.slice(dot)
    const topic = members.topic as string
    if (asked) {
      inFlight.delete(id)
      answered(asked, members, type === 'error', payload)
    } else if (type === 'ping') host.write(JSON.stringify({ type: 'pong' }))
    else if (type === 'hello') {
      host.greeted(members)
    } else if (type === 'closing') {
      // What is asked from now on would be refused; the next connection takes it.
      isOpen = false
      host.closes(members.retry_after_ms)
    } else if (type === 'error') host.blame(errorOf(members, type))
    else {
      const route = type.slice(0, dot)
      const key = JSON.stringify([route, topic])
      const concerned = having.get(key) ?? holdersOf(route, topic)
      having.set(key, concerned)
      if (kind === '.update') return update(concerned, members)
      for (const target of concerned) {
        if (!target.live) continue
        if (kind === '.reset') moved(target, topic, members)
        if (kind !== '.closed') continue
        if (members.retry) note(target, target.places.get(topic) as Place, true)
        else {
          // What was asked of it may have made another one.
          target.live = false
          refuse(target, errorOf(members, type))
        }
      }
    }
    settle()
  }

  /**
   * Every subscription has places of its own, for two that share a topic may have come to it at different times. The
   * server sends a topic once a connection, so one that is still to be accepted may take what another of the same
   * numbering is sent.
   */
  const update = (concerned: readonly Target<Token>[], members: Members): void => {
    const { payload, ...info } = members as UpdateMembers
    // Raises where it has no number.
    info.seq.toFixed()
    const leader = concerned.find(({ live }) => live)
    const epoch = leader?.places.get(info.topic)?.epoch
    if (leader)
      for (const target of concerned) {
        if (pass(tell, target, epoch, info, payload)) {
          // Nothing more is sent: it would be lost with the connection.
          isOpen = false
          host.resync()
        }
      }
  }

  const answered = (target: Target<Token>, members: Members, isError: boolean, payload: unknown): void => {
    const { busy, isCall, listeners, type } = target
    const error = (isError || (!isCall && members.status !== 'ok')) && errorOf(members, type as string)
    target.busy = FREE
    // A gap was seen after the question; or it is refused because the server is closing: the next connection takes it.
    if (!busy || (error && error.code === 'draining' && !isOpen)) return
    if (busy === ENDING) {
      if (error && error.code !== 'not_subscribed') host.blame(error)
    } else if (error) {
      // A refusal that may pass is retried, once it was accepted.
      if (
        target.failures !== undefined &&
        /^(producer_failed|rate_limited|timeout|draining|internal)$/.test(error.code)
      ) {
        target.busy = RESTING
        host.rest(target.key, target.failures++, () => {
          if (target.busy === RESTING) target.busy = FREE
          settle()
        })
      } else refuse(target, error)
    } else if (isCall) {
      for (const [token] of listeners) tell(token, token.settled, payload)
      listeners.clear()
    } else accept(target, members)
  }

  /** Of a subscription that is on, those alone who wait for a state: it was their question. */
  const refuse = (target: Target<Token>, error: TopicwireError): void => {
    for (const [token] of waiting(target, true)) {
      target.listeners.delete(token)
      tell(token, token.failed, error)
    }
  }

  /**
   * Who has the same topics, itself included. Requests that differ here may be one to the server, which fills in
   * defaults; ending one of them then ends them all.
   */
  const peersOf = ({ live, reach }: Target<Token>): Target<Token>[] =>
    select((peer) => live && peer.live && peer.reach === reach)

  const isWanted = (target: Target<Token>): unknown =>
    target.listeners.size || peersOf(target).some(({ listeners }) => listeners.size)

  /** The command that would bring the wire to what the listeners want, if any may be sent now. */
  const verbOf = (target: Target<Token>): 'subscribe' | 'unsubscribe' | false | undefined => {
    const { live, busy, route } = target
    if (isWanted(target)) return busy <= ANSWERED && waiting(target, !busy)[0] && 'subscribe'
    // What is being subscribed may turn out to be a peer.
    return live && !select((other) => other.route === route && other.busy === ASKED)[0] && 'unsubscribe'
  }

  /** Brings the wire nearer to what the listeners want. */
  const settle = (): void => {
    // It follows whatever changes who has which topic.
    having.clear()
    // Who resumes goes before who joins: were its topic joined from now on, what it missed could come no more.
    for (const target of new Set([
      ...select(({ isCall }) => isCall),
      ...select(({ places }) => places.size),
      ...targets.values(),
    ])) {
      const off = !target.live && target.busy < ASKED
      const wanted = isWanted(target)
      if (wanted || off) for (const wait of target.leaving.splice(0)) tell(wait, wait.settled)
      if (off && !wanted) targets.delete(target.key)
      else if (isOpen && verbOf(target)) queue.add(target)
    }
    for (const target of queue) {
      if (!isOpen || inFlight.size >= WINDOW) return
      queue.delete(target)
      const verb = verbOf(target)
      if (verb === 'subscribe') {
        target.busy = ASKED
        send(target, verb, target.live ? undefined : resumeOf(target))
      } else if (verb) {
        // Its peers with it, for they may have ended with it: none is to be joined any more.
        for (const peer of peersOf(target)) {
          peer.live = false
          peer.busy = ENDING
          peer.places = new Map()
          send(peer, verb)
        }
      }
    }
  }

  const send = (target: Target<Token>, verb: string, resume?: object): void => {
    const { route, params, isCall } = target
    const type = isCall ? route : `${route}.${verb}`
    target.type = type
    inFlight.set((lastId += 1), target)
    // JSON until now, so that what was asked could not change meanwhile.
    const payload = params && (JSON.parse(params) as unknown)
    host.write((target.text = JSON.stringify({ type, id: lastId, resume, payload })))
  }

  /**
   * From the lowest of all who stand in a topic: it is sent once a connection, so what came before that would come to
   * nobody. By topic though there is only one: a request may have got more since, and a server takes no one position for
   * several. Nothing where the server gave none to go on from.
   */
  const resumeOf = ({ route, places }: Target<Token>): object | undefined => {
    const resume = [...places.values()].filter(isKnown).map(({ topic, epoch }) => {
      const all = holdersOf(route, topic).map((holder) => holder.places.get(topic) as Place)
      const seqs = all.filter((place) => place.epoch === epoch && isKnown(place)).map(({ seq }) => seq)
      return [topic, { epoch, seq: Math.min(...seqs) }]
    })
    return resume[0] && (Object.fromEntries(resume) as object)
  }

  return {
    ask: (token, route, params) => {
      const isCall = !token.take
      const key = isCall ? `${(lastCall += 1)}` : `${route}:${params}`
      const target: Target<Token> = targets.get(key) ?? {
        key,
        route,
        params,
        isCall,
        listeners: new Map(),
        leaving: [],
        busy: FREE,
        places: new Map(),
      }
      targets.set(key, target)
      target.listeners.set(token, undefined)
      if (target.live) welcome(target)
      settle()
    },
    leave: (token, wait) => {
      const [target] = select(({ listeners }) => listeners.delete(token))
      if (wait) {
        if (target) target.leaving.push(wait)
        else tell(wait, wait.settled)
      }
      settle()
    },
    opened: () => {
      isOpen = true
      settle()
    },
    lost: (closeCode, error) => {
      isOpen = false
      queue.clear()
      const unanswered = [...inFlight.values()]
      inFlight.clear()
      for (const target of targets.values()) {
        target.live = false
        target.busy = FREE
      }
      const [largest] = [...unanswered].sort(
        (one, other) => (other.text as string).length - (one.text as string).length,
      )
      if (closeCode === 1009 && largest)
        refuse(largest, fault('too_large', (largest.text as string).length, { type: largest.type }))
      for (const target of unanswered)
        if (target.isCall) refuse(target, fault('disconnected', '', { type: target.type }))
      if (error) for (const target of targets.values()) refuse(target, error)
      settle()
    },
    receive: (messages) => {
      for (const one of messages) {
        try {
          if (one) handle(one)
        } catch (cause) {
          // Never with its values, which a parser's error has.
          host.blame(
            cause instanceof SyntaxError
              ? fault('invalid_json', one.length)
              : fault('invalid_message', one.length, { cause }),
          )
        }
      }
    },
  }
}

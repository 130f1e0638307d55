import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  InjectOptions,
  LightMyRequestResponse as Injected,
} from 'fastify';
import { InvalidRequestError } from '#lib/errors.ts';

import { requireToken } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { answerOf, type ErrorAnswer } from '../errors.ts';
import { clientRequestIdOf } from '../request-id.ts';
import type { GraphVersion } from '../scopes.ts';
import { currentBatchItem, runAsBatchItem } from './batch-item.ts';
import { itemAnswer, refusedItem, type ItemAnswer } from './item-answer.ts';
import { itemRequest, type ItemRequest } from './item-request.ts';
import { orderItems, runInOrder } from './order-items.ts';
import { parseBatch, type SentItem } from './parse-batch.ts';

const AT_A_TIME = 4;
/** Sum of the bodies of an answer after which no further item begins. */
const ANSWER_BYTES = 32 * 1024 * 1024;

const FAILED_DEPENDENCY: ErrorAnswer = {
  status: 424,
  code: 'FailedDependency',
  message: 'A request that this one depends on failed.',
};
const ANSWER_FULL: ErrorAnswer = {
  status: 429,
  code: 'TooManyRequests',
  message:
    'The answers of this batch are too large together. This request was not run: send it in another batch.',
  headers: { 'retry-after': '1' },
};
const STOPPING: ErrorAnswer = {
  status: 503,
  code: 'serviceNotAvailable',
  message: 'The service stops. This request was not run: send it again in a few seconds.',
  headers: { 'retry-after': '5' },
};

/**
 * POST /$batch: up to twenty requests in one, each through the whole server as if it had come by itself, with the token of the
 * batch, its own permissions, limits and request-id. Four at a time; dependsOn puts them into an order. 200 with the answers in the
 * order of the requests; 400 when the shape is wrong, and then nothing ran.
 */
export function registerBatch(
  scope: FastifyInstance,
  server: FastifyInstance,
  context: HttpContext,
  version: GraphVersion,
): void {
  scope.post('/$batch', { onRequest: requireToken(context) }, async (request, reply) => {
    if (currentBatchItem() !== undefined)
      throw new InvalidRequestError('url: A batch holds no other batch.', 'url');
    const items = parseBatch(request.body);
    const ordered = orderItems(items);
    keepConnection(request, ordered.length * context.settings.startWaitSeconds * 1_000);
    const gone = goneSignal(reply);
    const send = sender(server, context, { request, version, gone });
    const answers = await runInOrder(ordered, AT_A_TIME, async (item, dependencies: readonly ItemAnswer[]) =>
      dependencies.some(({ status }) => status >= 400)
        ? send.refuse(item, FAILED_DEPENDENCY)
        : send.run(item),
    );
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    return { responses: items.map(({ id }) => byId.get(id)) };
  });
}

interface Batch {
  readonly request: FastifyRequest;
  readonly version: GraphVersion;
  /** Aborted when the client is no longer there. */
  readonly gone: AbortSignal;
}

/** What answers the items of one batch. */
function sender(
  server: FastifyInstance,
  context: HttpContext,
  { request, version, gone }: Batch,
): {
  readonly run: (item: SentItem) => Promise<ItemAnswer>;
  readonly refuse: (item: SentItem, refusal: ErrorAnswer) => ItemAnswer;
} {
  const { authorization = '', host } = request.headers;
  const inherited = {
    authorization,
    'client-request-id': clientRequestIdOf(request),
    ...(host === undefined ? {} : { host }),
  };
  const batchItem = { baseUrl: request.baseUrl, batchRequestId: request.id };
  const limitBytes = context.settings.batchAnswerBytes ?? ANSWER_BYTES;
  let bytes = 0;

  const refuse = (item: SentItem, refusal: ErrorAnswer): ItemAnswer => {
    const requestId = context.system.newId();
    const clientRequestId = inherited['client-request-id'];
    return refusedItem(item.id, refusal, { now: context.system.now(), requestId, clientRequestId });
  };

  const run = async (item: SentItem): Promise<ItemAnswer> => {
    // Nobody reads the answer any more; what has begun goes on to its end, as a request that came by itself does.
    if (gone.aborted) return refuse(item, STOPPING);
    if (bytes >= limitBytes) return refuse(item, ANSWER_FULL);
    let sent: ItemRequest;
    try {
      sent = itemRequest(item, version);
    } catch (error) {
      const refusal = answerOf(error);
      if (refusal === undefined) throw error;
      return refuse(item, refusal);
    }
    const { method, url, payload } = sent;
    const headers = { 'user-agent': 'batch', ...inherited, ...sent.headers };
    try {
      const injected = {
        method,
        url,
        headers,
        remoteAddress: request.ip,
        ...(payload === undefined ? {} : { payload }),
      };
      const given = await runAsBatchItem(batchItem, () => injectNow(server, injected));
      bytes += given.rawPayload.length;
      return itemAnswer(item.id, given);
    } catch (error) {
      if (isStopping(error)) return refuse(item, STOPPING);
      throw error;
    }
  };
  return { run, refuse };
}

/** Without a callback, inject begins when it is first awaited: outside the item. */
function injectNow(server: FastifyInstance, options: InjectOptions): Promise<Injected> {
  return new Promise((resolve, reject) => {
    server.inject(options, (error, given) => {
      if (given === undefined) reject(error ?? new Error('the server gave no answer'));
      else resolve(given);
    });
  });
}

function isStopping(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'FST_ERR_REOPENED_CLOSE_SERVER';
}

/** Items that wait for each other may take longer than a connection is left alone for. */
function keepConnection(request: FastifyRequest, longestMs: number): void {
  const { socket } = request.raw;
  socket.setTimeout(Math.max(socket.timeout ?? 0, longestMs + 60_000));
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) gone.abort();
  });
  return gone.signal;
}

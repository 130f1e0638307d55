import type {
  FastifyInstance,
  FastifyRequest,
  InjectOptions,
  LightMyRequestResponse as Injected,
} from 'fastify';

import type { HttpContext } from '../context.ts';
import { answerOf, type ErrorAnswer } from '../errors.ts';
import { clientRequestIdOf } from '../request-id.ts';
import type { GraphVersion } from '../scopes.ts';
import { runAsBatchItem } from './batch-item.ts';
import { itemAnswer, refusedItem, type ItemAnswer } from './item-answer.ts';
import { itemRequest, type ItemRequest } from './item-request.ts';
import type { SentItem } from './parse-batch.ts';

/** Sum of the bodies of an answer after which no further item begins. */
const ANSWER_BYTES = 32 * 1024 * 1024;

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

interface Batch {
  readonly request: FastifyRequest;
  readonly version: GraphVersion;
  /** Aborted when the client is no longer there. */
  readonly gone: AbortSignal;
}

/** Answers the items of one batch. */
export interface ItemRunner {
  /** Through the whole server, as if the request had come by itself. */
  readonly run: (item: SentItem) => Promise<ItemAnswer>;
  /** Without running it. */
  readonly refuse: (item: SentItem, refusal: ErrorAnswer) => ItemAnswer;
}

/** Items run with the token and the address of the batch, and no further once their answers are too large together. */
export function itemRunner(
  server: FastifyInstance,
  context: HttpContext,
  { request, version, gone }: Batch,
): ItemRunner {
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

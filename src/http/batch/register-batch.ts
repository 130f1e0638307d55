import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InvalidRequestError } from '#lib/errors.ts';

import { requireToken } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import type { ErrorAnswer } from '../errors.ts';
import type { GraphVersion } from '../scopes.ts';
import { currentBatchItem } from './batch-item.ts';
import type { ItemAnswer } from './item-answer.ts';
import { orderItems, runInOrder } from './order-items.ts';
import { parseBatch } from './parse-batch.ts';
import { itemRunner } from './run-items.ts';

const AT_A_TIME = 4;

const FAILED_DEPENDENCY: ErrorAnswer = {
  status: 424,
  code: 'FailedDependency',
  message: 'A request that this one depends on failed.',
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
    const runner = itemRunner(server, context, { request, version, gone });
    const answers = await runInOrder(ordered, AT_A_TIME, async (item, dependencies: readonly ItemAnswer[]) =>
      dependencies.some(({ status }) => status >= 400)
        ? runner.refuse(item, FAILED_DEPENDENCY)
        : runner.run(item),
    );
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    return { responses: items.map(({ id }) => byId.get(id)) };
  });
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

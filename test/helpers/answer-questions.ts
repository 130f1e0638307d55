import { createInterface } from 'node:readline';
import { mock } from 'node:test';

import type { TokenAsked, TokenGot } from './token-client.ts';

/** The other end of token-client.ts, in the client's process: its clock is set here, everything else is the library's. */
export async function answerQuestions(client: {
  open(name: string, secret: string): void;
  token(name: string, fresh: boolean): Promise<TokenGot>;
}): Promise<void> {
  const answer = async (asked: TokenAsked): Promise<TokenGot> => {
    if (asked.ask === 'clock') {
      mock.timers.reset();
      mock.timers.enable({ apis: ['Date'], now: asked.timeMs ?? 0 });
      return {};
    }
    if (asked.ask === 'open') {
      client.open(asked.name ?? '', asked.secret ?? '');
      return {};
    }
    return client.token(asked.name ?? '', asked.fresh === true);
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const got = await answer(JSON.parse(line) as TokenAsked).catch((error: unknown): TokenGot => {
      const { name, message, errorResponse, errorCode } = error as Error & Record<string, unknown>;
      return { error: { name, message, detail: errorResponse ?? errorCode } };
    });
    process.stdout.write(`${JSON.stringify(got)}\n`);
  }
}

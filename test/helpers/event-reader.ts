import { get, type IncomingMessage } from 'node:http';

export interface ReadEvent {
  readonly id: string;
  readonly event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a black box: tests say what they expect of it.
  readonly data: any;
}

/** A client of server-sent events, on a socket of its own. */
export interface EventReader {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** All events so far. */
  readonly events: readonly ReadEvent[];
  /** Comment lines so far: heartbeats. */
  readonly comments: readonly string[];
  /** The body of an answer that is no stream. */
  text(): string;
  /** Resolves when that many events have come, or the stream is over. */
  until(events: number): Promise<void>;
  /** Resolves when the stream is over: `ended` in order, `cut` without an end. */
  readonly over: Promise<'ended' | 'cut'>;
  /** Reads nothing more, and keeps the connection. */
  pause(): void;
  resume(): void;
  close(): void;
}

export function readEvents(url: string, headers: Readonly<Record<string, string>>): Promise<EventReader> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false }, (response) => {
      const events: ReadEvent[] = [];
      const comments: string[] = [];
      const waiting = new Set<() => void>();
      let text = '';
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const fields = new Map(
            block.split('\n').map((line) => {
              const colon = line.indexOf(':');
              return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
            }),
          );
          const comment = fields.get('');
          if (comment !== undefined) comments.push(comment);
          const data = fields.get('data');
          if (data !== undefined)
            events.push({
              id: fields.get('id') ?? '',
              event: fields.get('event') ?? '',
              data: JSON.parse(data),
            });
        }
        for (const wake of waiting) wake();
      });
      let isOver = false;
      const over = new Promise<'ended' | 'cut'>((done) => {
        response.on('error', () => undefined);
        response.on('close', () => {
          isOver = true;
          done(response.complete ? 'ended' : 'cut');
          for (const wake of waiting) wake();
        });
      });
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        events,
        comments,
        text: () => text,
        over,
        until: (count) =>
          new Promise((done) => {
            const look = (): void => {
              if (events.length < count && !isOver) return;
              waiting.delete(look);
              done();
            };
            waiting.add(look);
            look();
          }),
        pause: () => response.pause(),
        resume: () => response.resume(),
        close: () => request.destroy(),
      });
    });
    request.on('error', reject);
  });
}

import { pino, stdSerializers, type Logger } from 'pino';
import { NO_TRACING, type Tracing } from '#lib/tracing.ts';

export interface LogStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** Names under which a secret could reach a log line by mistake. */
const SECRETS = [
  'authorization',
  'password',
  'client_secret',
  'clientSecret',
  'secret',
  'sig',
  'token',
  'access_token',
  'connectionString',
];

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** The log: JSON lines, or on a terminal one readable line each. Secrets and the values in database errors are left out. */
export function openLog(level: string, stream: LogStream, tracing: Tracing = NO_TRACING): Logger {
  const destination = {
    write(line: string) {
      stream.write(stream.isTTY === true ? readableLine(line) : line);
    },
  };
  return pino(
    {
      level,
      base: { pid: process.pid },
      mixin: () => traceFieldsOf(tracing),
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '(hidden)' },
      serializers: { err: serializeError },
      hooks: {
        logMethod(args, method) {
          // Without a message pino would take the error's own, past the serializer.
          const [first, message] = args as unknown as [unknown, string?];
          const fields = first instanceof Error ? { err: first } : first;
          if (typeof fields === 'object' && fields !== null && 'err' in fields)
            method.apply(this, [fields, message ?? 'an error']);
          else method.apply(this, args);
        },
      },
    },
    destination,
  );
}

/** Under the names that OpenTelemetry gives them in logs. */
function traceFieldsOf(tracing: Tracing): Record<string, string> {
  const ids = tracing.current();
  return ids === undefined ? {} : { trace_id: ids.traceId, span_id: ids.spanId };
}

/**
 * Type, message, code and stack: never the other properties. A database error's detail holds rows; so does the message when it is
 * about a value (class 22).
 */
function serializeError(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const { type, stack } = stdSerializers.err(thrown);
  const code = 'code' in thrown ? String(thrown.code) : undefined;
  const isAboutValue = 'severity' in thrown && code?.startsWith('22') === true;
  const cause = thrown.cause instanceof Error ? serializeError(thrown.cause) : undefined;
  return {
    type,
    code,
    message: isAboutValue ? '(a value that the database refused)' : thrown.message,
    stack: isAboutValue ? stack.replace(thrown.message, '') : stack,
    ...(cause === undefined ? {} : { cause }),
  };
}

function readableLine(line: string): string {
  const { level, time, msg, pid, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  void pid;
  const clock = new Date(Number(time)).toISOString().slice(11, 19);
  const name = (LEVELS[Number(level)] ?? String(level)).padEnd(5);
  const rest = Object.entries(fields)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('');
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${String(err.stack)}` : '';
  return `${clock} ${name} ${typeof msg === 'string' ? msg : ''}${rest}${stack}\n`;
}

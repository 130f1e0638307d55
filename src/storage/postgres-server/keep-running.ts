import { messageOf } from '#lib/errors.ts';
import { isProcessAlive, processStartTime } from '../process-identity.ts';

export interface ServerToKeep {
  /** Of the server that runs now. */
  pid(): number;
  /** Starts it again, at the same address. */
  restart(): Promise<void>;
  onTrouble?: ((sentence: string) => void) | undefined;
  onRestarted?: ((sentence: string) => void) | undefined;
}

const LOOK_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Looks every second whether the server is there, and starts it again when somebody has ended it: systems do when memory runs out. An attempt
 * that fails is repeated, after twice the time each. `end` waits for a restart under way.
 */
export async function keepRunning(server: ServerToKeep): Promise<{ end(): Promise<void> }> {
  let startedAt = await processStartTime(server.pid());
  let pauseMs = LOOK_MS;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let looking = Promise.resolve();

  const look = async (): Promise<void> => {
    const pid = server.pid();
    if (await isStillRunning(pid, startedAt)) return;
    try {
      server.onTrouble?.(
        `The database server (process ${pid}) was ended by somebody else; it is started again.`,
      );
      await server.restart();
      startedAt = await processStartTime(server.pid());
      pauseMs = LOOK_MS;
      server.onRestarted?.(`The database server runs again (process ${server.pid()}).`);
    } catch (error) {
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      server.onTrouble?.(`${messageOf(error)} The next attempt is in ${pauseMs / 1_000} seconds.`);
    }
  };
  const lookLater = (): void => {
    timer = setTimeout(() => {
      looking = look().finally(() => {
        if (!ended) lookLater();
      });
    }, pauseMs).unref();
  };
  lookLater();
  return {
    async end() {
      ended = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

/**
 * Numbers of processes are used again; and one that nobody has waited for (in a container without an init) still has its own. Where the
 * system does not say when it started (too many files are open), it runs: a server that is there is not to be ended for that.
 */
async function isStillRunning(pid: number, startedAt: string | null): Promise<boolean> {
  if (!isProcessAlive(pid)) return false;
  if (process.platform !== 'linux' || startedAt === null) return true;
  const now = await processStartTime(pid);
  return now === null || now === startedAt;
}

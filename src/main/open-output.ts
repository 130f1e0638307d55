import type { CliOutput } from '#cli/cli-io.ts';

/**
 * A stream of this process for what commands print. Its reader may leave at any time, as `head` does, or `tee` on the Ctrl-C that ends a
 * service: what is under way goes on to its own end, and the rest is said to nobody. Any other fault, such as a full disk, ends the process: half a list is
 * none. Not where `mayLose` says so: of the log, and of what is told beside the results, lines may be missing, and a service is not to end for them.
 */
export function openOutput(
  stream: NodeJS.WriteStream,
  { mayLose = false }: { readonly mayLose?: boolean } = {},
): CliOutput {
  let isUnread = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') isUnread = true;
    else if (!mayLose) throw error;
  });
  return {
    write: (text) => isUnread || stream.write(text),
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns;
    },
    get isUnread() {
      return isUnread;
    },
  };
}

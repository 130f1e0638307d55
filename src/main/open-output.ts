import type { CliOutput } from '#cli/cli-io.ts';

/**
 * A stream of this process for what commands print. Its reader may leave at any time, as `head` does, or `tee` on the Ctrl-C that ends a
 * service: what is under way goes on to its own end, and the rest is said to nobody.
 */
export function openOutput(stream: NodeJS.WriteStream): CliOutput {
  let isUnread = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isUnread = true;
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

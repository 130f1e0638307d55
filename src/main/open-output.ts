import type { CliOutput } from '#cli/cli-io.ts';

/** A stream that may lose what is written to it. */
export interface ProcessOutput extends CliOutput {
  /** Why something of it is lost although somebody reads: the disk of the file is full, the terminal is gone. Null: nothing is. */
  readonly failure: Error | null;
}

/**
 * A stream of this process for what commands print, and for the log. Its reader may leave at any time, as `head` does, or `tee` on the Ctrl-C that
 * ends a service; the disk that a log is written to may be full. What is under way goes on to its own end: a line that cannot be written is
 * lost, and the next one is tried again.
 */
export function openOutput(stream: NodeJS.WriteStream): ProcessOutput {
  let isUnread = false;
  let failure: Error | null = null;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') isUnread = true;
    else failure ??= error;
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
    get failure() {
      return failure;
    },
  };
}

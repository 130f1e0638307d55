/** A stream that text goes to: process.stdout, or a collector in a test. */
export interface CliOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width in characters, when it is a terminal. */
  readonly columns?: number;
  /** Whoever read it is gone: `head`, a pager. */
  readonly isUnread?: boolean;
}

/** Everything a command may touch of its process. */
export interface CliIo {
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts on Ctrl-C or when the process is asked to end. */
  readonly interrupt: AbortSignal;
}

/** What a drill has at hand. */
export interface DrillBench {
  /** A folder of its own, removed afterwards. */
  readonly directory: string;
  /** Of the command line behind the name: `--size=10GiB` is `{ size: '10GiB' }`. */
  readonly options: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
  /** Runs `rollbook` in a process of its own, and measures it. */
  readonly rollbook: (...argv: string[]) => Promise<MeasuredRun>;
}

export interface MeasuredRun {
  readonly exitCode: number | null;
  readonly output: string;
  readonly seconds: number;
  /** Of the process and its children together, at most, as it was looked at every 100 ms. */
  readonly peakMiB: number;
}

/**
 * A trial that takes too long or too much for the tests: run by hand before a release, on a machine that has the room. It throws when Rollbook does
 * not stand it.
 */
export interface Drill {
  readonly summary: string;
  /** What it needs, for whoever reads the list: disk, minutes. */
  readonly needs: string;
  /** Options with their defaults. */
  readonly options: Readonly<Record<string, string>>;
  run(bench: DrillBench): Promise<void>;
}

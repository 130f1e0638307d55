/** How much of a stage was done when. `done` and `total` count the same thing: bytes, or changes. */
export interface StageMeasure {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  readonly atMs: number;
}

/** What an estimate remembers of a stage. It begins anew with every stage, and with every process that takes the run up. */
export interface StagePace {
  readonly stage: string;
  readonly total: number;
  /** The first measure, then some of those behind it, the oldest first. */
  readonly points: readonly { readonly atMs: number; readonly done: number }[];
}

const LEAST_SHARE = 0.05;
const LEAST_MS = 3_000;
/** Halves of the time so far whose rates differ by more than this say nothing about what is left. */
const WILD = 3;
const POINTS = 64;

/**
 * Adds a measure. @returns the pace to give to the next call, and the seconds that the stage still takes; null while there is too
 * little evidence: less than 5 % or three seconds seen, or a rate that varies wildly.
 */
export function estimateStage(
  before: StagePace | null,
  measure: StageMeasure,
): { pace: StagePace; secondsLeft: number | null } {
  const { stage, done, total, atMs } = measure;
  const last = before?.points.at(-1);
  const goesOn =
    before?.stage === stage &&
    before.total === total &&
    last !== undefined &&
    done >= last.done &&
    atMs >= last.atMs;
  const points = [...(goesOn ? before.points : []), { atMs, done }];
  const pace = { stage, total, points: points.length > POINTS ? thinned(points) : points };
  return { pace, secondsLeft: secondsLeft(pace) };
}

/** Every second point is enough: the first and the last stay. */
function thinned(points: StagePace['points']): StagePace['points'] {
  return points.filter((_, index) => index % 2 === 0 || index === points.length - 1);
}

function secondsLeft({ points, total }: StagePace): number | null {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || total <= 0) return null;
  const elapsedMs = last.atMs - first.atMs;
  if (elapsedMs < LEAST_MS || last.done - first.done < total * LEAST_SHARE) return null;
  const middleMs = first.atMs + elapsedMs / 2;
  const middle = points
    .slice(1, -1)
    .reduce<StagePace['points'][number] | null>(
      (best, point) =>
        best !== null && Math.abs(best.atMs - middleMs) <= Math.abs(point.atMs - middleMs) ? best : point,
      null,
    );
  if (middle === null) return null;
  const early = (middle.done - first.done) / (middle.atMs - first.atMs);
  const late = (last.done - middle.done) / (last.atMs - middle.atMs);
  // Without time between two points a rate is infinite or none at all.
  if (!(early > 0 && late > 0 && early < late * WILD && late < early * WILD)) return null;
  return Math.ceil((total - last.done) / late / 1_000);
}

/** `about 2 min left`; null when there is nothing to say. */
export function timeLeftText(seconds: number | null | undefined): string | null {
  if (seconds === null || seconds === undefined || !(seconds > 0)) return null;
  if (seconds < 10) return 'a few seconds left';
  if (seconds < 58) return `about ${Math.ceil(seconds / 5) * 5} s left`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 90) return `about ${minutes} min left`;
  return `about ${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

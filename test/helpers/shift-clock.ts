/**
 * Loaded with --import into a process that is to have a wrong clock, threads included: sets Date forward by ROLLBOOK_TEST_CLOCK_SECONDS.
 * Timers go on as they are.
 */
const offsetMs = Number(process.env['ROLLBOOK_TEST_CLOCK_SECONDS'] ?? '0') * 1_000;
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
  construct(target, args: unknown[], newTarget) {
    const given = args.length === 0 ? [RealDate.now() + offsetMs] : args;
    return Reflect.construct(target, given, newTarget) as object;
  },
  apply: () => new RealDate(RealDate.now() + offsetMs).toString(),
  get(target, name, receiver) {
    if (name === 'now') return () => RealDate.now() + offsetMs;
    return Reflect.get(target, name, receiver) as unknown;
  },
});

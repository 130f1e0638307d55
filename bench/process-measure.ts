import { readFileSync } from 'node:fs';

export interface ProcessMeasure {
  readonly seconds: number;
  /** Of all threads of the process. */
  readonly cpuSeconds: number;
  readonly peakMemoryMiB: number;
}

/** Measures this process from now on. @returns what to call at the end. */
export function measureProcess(): () => ProcessMeasure {
  const started = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return {
      seconds: (performance.now() - started) / 1000,
      cpuSeconds: (user + system) / 1e6,
      peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    };
  };
}

/** Highest resident memory of another process, in MiB; 0 where the system does not say. */
export function peakMemoryOf(pid: number): number {
  const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}

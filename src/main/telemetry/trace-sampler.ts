import type * as TraceSdk from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';

type Sdk = Pick<
  typeof TraceSdk,
  'AlwaysOffSampler' | 'AlwaysOnSampler' | 'ParentBasedSampler' | 'TraceIdRatioBasedSampler'
>;

/** OTEL_TRACES_SAMPLER and its argument; undefined: that of the library, which takes all that their callers take. */
export function samplerOf(env: Readonly<Record<string, string | undefined>>, sdk: Sdk): Sampler | undefined {
  const name = env['OTEL_TRACES_SAMPLER']?.trim().toLowerCase() ?? '';
  const match = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(name);
  if (match === null) return undefined;
  const root = rootOf(match[2] ?? '', env['OTEL_TRACES_SAMPLER_ARG'], sdk);
  return match[1] === undefined ? root : new sdk.ParentBasedSampler({ root });
}

function rootOf(name: string, argument: string | undefined, sdk: Sdk): Sampler {
  if (name === 'always_on') return new sdk.AlwaysOnSampler();
  if (name === 'always_off') return new sdk.AlwaysOffSampler();
  const ratio = Number(argument ?? '1');
  return new sdk.TraceIdRatioBasedSampler(ratio >= 0 && ratio <= 1 ? ratio : 1);
}

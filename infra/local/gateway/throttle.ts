import * as z from 'zod';
import { Problem } from '../../problem.ts';
import type { Assembly } from '../template/assembly.ts';
import type { Resolver } from '../template/resolver.ts';

/** Requests a second, and how many may come at once before that rate holds. */
export type Limits = { readonly rate: number; readonly burst: number };

export type Throttle = { readonly admit: () => boolean };

const Settings = z.object({
  ThrottlingBurstLimit: z.int().min(0).optional(),
  ThrottlingRateLimit: z.number().min(0).optional(),
});
const Stage = z.object({
  StageName: z.literal('$default'),
  StageVariables: z.never().optional(),
  DefaultRouteSettings: Settings.default({}),
  RouteSettings: z.record(z.string(), Settings).default({}),
});

/**
 * Reads the throttling of the API's `$default` stage: a route's own settings before the default ones.
 *
 * @returns the limits of a route, by its key
 * @throws Problem when the stage is not there, or throttles a route that is not there (which fails a deployment)
 */
export function readLimits(
  assembly: Assembly,
  resolver: Resolver,
  apiId: string,
  routeKeys: readonly string[],
): (routeKey: string) => Limits {
  const stages = assembly.ofType('AWS::ApiGatewayV2::Stage');
  const stage = stages.find(({ stack, properties }) => resolver.resolve(stack, properties.ApiId ?? null) === apiId);
  const parsed = Stage.safeParse(stage?.properties);
  if (!stage || stages.length > 1 || !parsed.success) {
    const why = parsed.error ? z.prettifyError(parsed.error) : 'there are several stages';
    throw new Problem(`The local gateway runs one API with one $default stage: ${why}`);
  }
  const { DefaultRouteSettings, RouteSettings } = parsed.data;
  const unknown = Object.keys(RouteSettings).find((key) => !routeKeys.includes(key));
  if (unknown) throw new Problem(`${stage.stack}/${stage.id}: RouteSettings names "${unknown}", which is no route.`);
  return (routeKey) => {
    const settings = { ...DefaultRouteSettings, ...RouteSettings[routeKey] };
    return {
      rate: settings.ThrottlingRateLimit ?? Number.POSITIVE_INFINITY,
      burst: settings.ThrottlingBurstLimit ?? Number.POSITIVE_INFINITY,
    };
  };
}

/** A token bucket, full at first. `now` gives milliseconds. */
export function createThrottle({ rate, burst }: Limits, now: () => number = () => performance.now()): Throttle {
  let tokens = burst;
  let filled = now();
  return {
    admit: () => {
      const time = now();
      // Infinity times no time is not a number, and no limit at all needs no bucket.
      if (rate !== Number.POSITIVE_INFINITY) tokens = Math.min(burst, tokens + ((time - filled) / 1000) * rate);
      else tokens = burst;
      filled = time;
      if (rate === 0 || tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}

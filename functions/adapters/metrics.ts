import { Metrics } from '@aws-lambda-powertools/metrics';
import type { AuditEvent } from '../core/audit/event.ts';
import type { Answered, Appended, MetricsOf } from '../core/metrics/metric.ts';

const NAMESPACE = 'Gatehouse';

export type MeterOptions = {
  /** The one dimension: `gatehouse-<stage>`. */
  readonly service: string;
  /** What a request of this function counts for. */
  readonly metricsOf: MetricsOf;
  readonly warn: (message: string, fields: { readonly error: unknown }) => void;
};

export type Meter = {
  /** The same append, and the meter hears of every event and what became of it. */
  readonly hearing: <T>(append: (event: AuditEvent) => Promise<T>) => (event: AuditEvent) => Promise<T>;
  /** Writes what one request counts for. To be called once, when its answer is certain. Does not throw. */
  readonly answered: (answered: Answered) => void;
};

/**
 * Metrics in CloudWatch's embedded metric format: one line on stdout for a request that counts for something, none for
 * one that does not, and no call to AWS. An environment serves one request at a time, so what was heard since the last
 * answer belongs to this one.
 *
 * A line that cannot be written is a warning in the log: nobody is refused because something could not be counted.
 */
export function createMeter({ service, metricsOf, warn }: MeterOptions): Meter {
  const metrics = new Metrics({ namespace: NAMESPACE, serviceName: service });
  let heard: Appended[] = [];
  return {
    hearing: (append) => async (event) => {
      const { tool, decision, reason } = event;
      const hear = (durable: boolean) => void heard.push({ event: { tool, decision, reason }, durable });
      try {
        const appended = await append(event);
        hear(true);
        return appended;
      } catch (error) {
        hear(false);
        throw error;
      }
    },
    answered: (answered) => {
      const appended = heard;
      heard = [];
      try {
        const measured = metricsOf(answered, appended);
        // Powertools warns of an empty line.
        if (measured.length === 0) return;
        for (const { name, unit, value } of measured) metrics.addMetric(name, unit, value);
        metrics.publishStoredMetrics();
      } catch (error) {
        metrics.clearMetrics();
        warn('the metrics of a request could not be written', { error });
      }
    },
  };
}

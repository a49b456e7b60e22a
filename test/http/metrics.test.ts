import { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMeter, type Meter } from '../../functions/adapters/metrics.ts';
import type { AuditEvent } from '../../functions/core/audit/event.ts';
import { auditMetrics, type MetricsOf, one } from '../../functions/core/metrics/metric.ts';
import { endpoint, type Handle } from '../../functions/http/endpoint.ts';
import { createOriginLock } from '../../functions/http/origin-lock.ts';
import { json } from '../../functions/http/respond.ts';
import { requestLines } from '../../infra/cli/terminal/request-lines.ts';
import { emfLines, extracted } from '../support/emf.ts';

const lambda = { functionName: 'token', getRemainingTimeInMillis: () => 10_000 } as unknown as Context;
const clock = { seconds: () => 1_000, millis: () => 1_000_000 };
const event: AuditEvent = {
  phase: 'event',
  requestId: 'r',
  clientId: 'the client',
  subject: 'the subject',
  tool: 'auth:token',
  arguments: { secret: 'the argument' },
  scopes: [],
  decision: 'allowed',
};
let lines: string[];
let broken: boolean;

beforeEach(() => {
  lines = [];
  broken = false;
  const write = (chunk: string | Uint8Array) => {
    const text = String(chunk);
    if (broken && text.includes('_aws')) throw new Error('the pipe is broken');
    return lines.push(text) > 0;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
});
afterEach(() => vi.restoreAllMocks());

function aMeter(metricsOf: MetricsOf): Meter {
  const logger = new Logger({ serviceName: 'token' });
  return createMeter({ service: 'gatehouse-test', metricsOf, warn: (message, fields) => logger.warn(message, fields) });
}

function call(meter: Meter, handle: Handle, options: Partial<Parameters<typeof endpoint>[0]> = {}) {
  const sent = {
    version: '2.0',
    rawPath: '/token',
    rawQueryString: '',
    headers: {},
    body: '',
    isBase64Encoded: false,
    requestContext: { requestId: 'request-1', http: { method: 'POST' } },
  } as unknown as APIGatewayProxyEventV2;
  const logger = new Logger({ serviceName: 'token' });
  return endpoint({ logger, clock, maxBody: 16, answered: meter.answered, ...options }, handle)(sent, lambda);
}

const everything: MetricsOf = ({ status, durationMs }) => [
  one(status === 200 ? 'TokenRefreshed' : 'TokenRefused'),
  { name: 'ToolCallDuration', unit: 'Milliseconds', value: durationMs },
];
const fine: Handle = async () => json(200, {});

describe('what a request counts for', () => {
  test('is one line, beside its line in the log', async () => {
    await call(aMeter(everything), fine);
    expect(emfLines(lines)).toMatchObject([
      {
        _aws: {
          CloudWatchMetrics: [
            {
              Namespace: 'Gatehouse',
              Dimensions: [['service']],
              Metrics: [
                { Name: 'TokenRefreshed', Unit: 'Count' },
                { Name: 'ToolCallDuration', Unit: 'Milliseconds' },
              ],
            },
          ],
        },
        service: 'gatehouse-test',
        TokenRefreshed: 1,
        ToolCallDuration: 0,
      },
    ]);
    expect(lines).toHaveLength(2);
  });

  test('is no line at all when it counts for nothing', async () => {
    await call(
      aMeter(() => []),
      fine,
    );
    expect(lines).toHaveLength(1);
    expect(emfLines(lines)).toEqual([]);
  });

  test('is counted of a crash and of a refusal too', async () => {
    const meter = aMeter(everything);
    await call(meter, async () => {
      throw new Error('a bug');
    });
    await call(meter, fine, { lock: createOriginLock('s'.repeat(32), 'https://mcp.example') });
    expect(extracted(emfLines(lines))).toEqual({ TokenRefused: 2, ToolCallDuration: 2 });
  });

  test('of one request is not counted again with the next', async () => {
    const meter = aMeter(auditMetrics);
    const failing = meter.hearing(async () => {
      throw new Error('the table is gone');
    });
    await call(meter, async () => {
      await failing(event).catch(() => undefined);
      return json(503, {});
    });
    await call(meter, fine);
    expect(emfLines(lines)).toHaveLength(1);
    expect(extracted(emfLines(lines))).toEqual({ AuditUnavailable: 1 });
  });

  test('has nothing of the event it was told of', async () => {
    const meter = aMeter((_, appended) => appended.map(() => one('GrantRevoked')));
    await call(meter, async () => {
      await meter.hearing(async () => ({ hash: 'h' }))(event);
      return json(200, {});
    });
    expect(extracted(emfLines(lines))).toEqual({ GrantRevoked: 1 });
    expect(lines.join('')).not.toMatch(/the client|the subject|the argument/);
  });
});

describe('when it cannot be counted', () => {
  test('because the line cannot be written, the answer is the same, and the next line is its own', async () => {
    broken = true;
    const meter = aMeter(everything);
    expect((await call(meter, fine)).statusCode).toBe(200);
    broken = false;
    await call(meter, fine);
    expect(extracted(emfLines(lines))).toEqual({ TokenRefreshed: 1, ToolCallDuration: 1 });
  });

  test('because a value is none, likewise, and the log has a warning', async () => {
    let value: unknown = 'long';
    const duration = () => ({ name: 'ToolCallDuration', unit: 'Milliseconds', value: value as number }) as const;
    const meter = aMeter(() => [one('ToolCallAllowed'), duration()]);
    expect((await call(meter, fine)).statusCode).toBe(200);
    expect(lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'WARN')).toMatchObject([
      { message: 'the metrics of a request could not be written' },
    ]);
    value = 5;
    await call(meter, fine);
    expect(extracted(emfLines(lines))).toEqual({ ToolCallAllowed: 1, ToolCallDuration: 1 });
  });

  test('the append itself still says what became of the row', async () => {
    const meter = aMeter(everything);
    expect(await meter.hearing(async () => ({ hash: 'h' }))(event)).toEqual({ hash: 'h' });
    const gone = meter.hearing(async () => Promise.reject(new Error('the table is gone')));
    await expect(gone(event)).rejects.toThrow('the table is gone');
  });
});

describe('a stack that is switched off', () => {
  test('refuses before the lock is asked and before the size is looked at, and does not call the handler', async () => {
    const handle = vi.fn<Handle>();
    const lock = createOriginLock('s'.repeat(32), 'https://mcp.example');
    const answer = await call(aMeter(everything), handle, { serving: false, lock, maxBody: -1 });
    expect(answer).toMatchObject({ statusCode: 503, body: '{"error":"temporarily_unavailable"}' });
    expect(answer.headers).toMatchObject({ 'retry-after': '300', 'cache-control': 'no-store' });
    expect(handle).not.toHaveBeenCalled();
    expect(lines.map((line) => JSON.parse(line)).filter(({ message }) => message === 'request')).toMatchObject([
      { status: 503, reason: 'switched-off', level: 'ERROR' },
    ]);
  });
});

test('the terminal shows the request and not the line that CloudWatch reads', async () => {
  await call(aMeter(everything), fine);
  const plain = new Proxy({}, { get: () => (text: string) => text }) as Parameters<typeof requestLines>[1];
  const shown: string[] = [];
  const screen = requestLines(
    (text) => void shown.push(text),
    plain,
    () => new Date(),
  );
  for (const line of lines) screen.onLog('token', line.trimEnd());
  expect(lines.length).toBe(2);
  expect(shown).toEqual([expect.stringContaining('POST /token')]);
});

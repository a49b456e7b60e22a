import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { readMigrations } from './migration-files.ts';
import type { MigratePorts } from './ports.ts';
import { runMigrations } from './run-migrations.ts';

const text = z.string().check(z.minLength(1));

const event = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: text,
  RequestId: text,
  LogicalResourceId: text,
  PhysicalResourceId: z.optional(text),
  ResourceType: text,
  ResourceProperties: z.record(z.string(), z.unknown()),
});
type CustomResourceEvent = z.output<typeof event>;

const databaseSchema = z.object({ SampleData: z.enum(['true', 'false']) });
const publicKeys = z.object({ KeyArns: z.array(text).check(z.minLength(1)) });

/** What CloudFormation reads of an answer ("Custom resource response objects"): 4,096 bytes in all. */
type Answer =
  | { readonly Status: 'SUCCESS'; readonly Data: Readonly<Record<string, string>> }
  | { readonly Status: 'FAILED'; readonly Reason: string };

const LONGEST_REASON = 2_000;
/** Milliseconds kept back for telling CloudFormation, which otherwise waits for an hour. */
const LAST_WORDS = 10_000;

/**
 * Carries out one event of a custom resource and tells CloudFormation how it went, whatever happens: `Custom::DatabaseSchema`
 * migrates the database, `Custom::PublicKeys` publishes signing keys. Delete does nothing: the data stays.
 *
 * @param compose gives the ports. Called in here, so that a wrong configuration is an answer too.
 * @param remaining milliseconds until this invocation ends
 * @throws Error when the event names no place to answer to, or when the answer cannot be delivered.
 */
export async function answerCustomResource(
  compose: () => MigratePorts,
  input: unknown,
  remaining: number,
): Promise<void> {
  const request = z.parse(event, input);
  const late = new AbortController();
  const outOfTime = sleep(Math.max(0, remaining - LAST_WORDS), undefined, { signal: late.signal }).then(() => {
    throw new Error('the function ran out of time; deploy again, what is done is kept');
  });
  const answer = await Promise.race([outOfTime, carryOut(compose, request)]).then(
    (Data): Answer => ({ Status: 'SUCCESS', Data }),
    (error: unknown): Answer => ({ Status: 'FAILED', Reason: reasonOf(error) }),
  );
  late.abort();
  outOfTime.catch(() => undefined);
  await send(request, answer);
}

async function carryOut(compose: () => MigratePorts, request: CustomResourceEvent): Promise<Record<string, string>> {
  if (request.RequestType === 'Delete') return {};
  const ports = compose();
  const { log } = ports;
  const about = { resource: request.LogicalResourceId, type: request.ResourceType, request_type: request.RequestType };
  try {
    const data = await perform(ports, request);
    log.info('custom resource carried out', { ...about, ...data });
    return data;
  } catch (error) {
    log.error('custom resource failed', { ...about, reason: reasonOf(error) });
    throw error;
  }
}

async function perform(ports: MigratePorts, request: CustomResourceEvent): Promise<Record<string, string>> {
  switch (request.ResourceType) {
    case 'Custom::DatabaseSchema': {
      const { SampleData } = z.parse(databaseSchema, request.ResourceProperties);
      const options = { sampleData: SampleData === 'true' && ports.sampleData };
      const run = await runMigrations(ports, readMigrations(ports.migrations), options);
      ports.log.info('database migrated', { version: run.version, applied: run.applied });
      return { Version: run.version };
    }
    case 'Custom::PublicKeys': {
      const { KeyArns } = z.parse(publicKeys, request.ResourceProperties);
      return { Jwks: JSON.stringify({ keys: await Promise.all(KeyArns.map(ports.publicKey)) }) };
    }
    default:
      throw new Error(`there is no custom resource ${request.ResourceType}`);
  }
}

/** Messages of this function and of PostgreSQL about the migrations: passwords and keys are in neither. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.length > LONGEST_REASON ? `${message.slice(0, LONGEST_REASON)} …` : message;
}

async function send(request: CustomResourceEvent, answer: Answer): Promise<void> {
  const { StackId, RequestId, LogicalResourceId } = request;
  // Another id would make CloudFormation delete what it takes for the old resource.
  const PhysicalResourceId = request.PhysicalResourceId ?? physicalId(request);
  const body = Buffer.from(JSON.stringify({ ...answer, PhysicalResourceId, StackId, RequestId, LogicalResourceId }));
  for (let attempt = 1; ; attempt++) {
    try {
      // Bytes, so that no Content-Type is sent: the address was signed without one.
      const response = await fetch(request.ResponseURL, { method: 'PUT', body, signal: AbortSignal.timeout(3_000) });
      if (response.ok) return;
      throw new Error(`CloudFormation answered ${response.status} to the result of ${LogicalResourceId}`);
    } catch (error) {
      if (attempt === 3) throw error;
      await sleep(200 * attempt);
    }
  }
}

function physicalId({ StackId, LogicalResourceId }: CustomResourceEvent): string {
  return `gatehouse-${createHash('sha256').update(`${StackId}/${LogicalResourceId}`).digest('hex').slice(0, 24)}`;
}

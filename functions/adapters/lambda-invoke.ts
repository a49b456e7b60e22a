import { InvokeCommand, type LambdaClient, TooManyRequestsException } from '@aws-sdk/client-lambda';
import * as z from 'zod/mini';
import { FAILURE_CODES } from '../core/tools/failure.ts';
import type { WriteOutcome, WriteRequest } from '../core/tools/write.ts';

const failureCode = z.enum(FAILURE_CODES as [(typeof FAILURE_CODES)[number], ...typeof FAILURE_CODES]);
const value = z.custom<object>((data) => typeof data === 'object' && data !== null);

const outcome = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('done'), value }),
  z.strictObject({ status: z.literal('failed'), code: failureCode }),
]);

/**
 * Asks the write function to carry out a call and waits for its answer.
 *
 * The client must be made with `maxAttempts: 1`: a request whose answer got lost may have had its effect, and the same
 * call must not be sent again behind the caller's back. Rejects whenever it is not known what happened. Being throttled
 * is known: nothing ran.
 */
export function createWriteInvoker(
  client: LambdaClient,
  functionName: string,
): (request: WriteRequest, signal: AbortSignal) => Promise<WriteOutcome> {
  return async (request, signal) => {
    const command = new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'RequestResponse',
      Payload: Buffer.from(JSON.stringify(request)),
    });
    try {
      const answer = await client.send(command, { abortSignal: signal });
      if (answer.FunctionError) throw new Error(`the write function failed: ${answer.FunctionError}`);
      return z.parse(outcome, JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8')));
    } catch (error) {
      if (error instanceof TooManyRequestsException) return { status: 'failed', code: 'busy' };
      throw error;
    }
  };
}
